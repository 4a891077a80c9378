package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
)

const (
	tileWidth = 256
	maxTile   = tileWidth * sha256.Size
	maxBundle = tileWidth * (2 + 0xffff)
	readers   = 32
)

type hash = [sha256.Size]byte

// tree is a log that grows, as the hashes of its unfinished tiles: rows[l] are roots of 256^l entries each.
type tree struct {
	size int64
	rows [][]hash
	// full is called with every tile that is finished.
	full func(level int, number int64, row []hash) error
}

func (t *tree) add(leaf hash) error {
	t.size++
	for level, one := 0, leaf; ; level++ {
		if level == len(t.rows) {
			t.rows = append(t.rows, nil)
		}
		t.rows[level] = append(t.rows[level], one)
		if len(t.rows[level]) < tileWidth {
			return nil
		}
		row := t.rows[level]
		if err := t.full(level, t.size>>(8*(level+1))-1, row); err != nil {
			return err
		}
		one = rootOf(row)
		t.rows[level] = row[:0]
	}
}

// root is that of RFC 6962: the unfinished tiles are joined from right to left.
func (t *tree) root() hash {
	var found *hash
	for _, row := range t.rows {
		for end := len(row); end > 0; {
			width := end & -end // the last complete subtree of the row
			one := rootOf(row[end-width : end])
			if found != nil {
				one = node(one, *found)
			}
			found = &one
			end -= width
		}
	}
	if found == nil {
		return sha256.Sum256(nil)
	}
	return *found
}

// rootOf hashes a row whose length is a power of two.
func rootOf(row []hash) hash {
	if len(row) == 1 {
		return row[0]
	}
	return node(rootOf(row[:len(row)/2]), rootOf(row[len(row)/2:]))
}

func node(left, right hash) hash {
	var octets [1 + 2*sha256.Size]byte
	octets[0] = 1
	copy(octets[1:], left[:])
	copy(octets[1+sha256.Size:], right[:])
	return sha256.Sum256(octets[:])
}

// Walk reads the whole log and checks that its entries make its tiles and the roots of both checkpoints.
func Walk(source *Source, head, old *Checkpoint) error {
	grown := &tree{}
	grown.full = func(level int, number int64, row []hash) error {
		if level == 0 {
			return nil // compared when its entries were read
		}
		return compare(source, level, number, row)
	}
	seen := func() error {
		if old != nil && grown.size == old.Size && grown.root() != old.Root {
			return fmt.Errorf("the older checkpoint of %d entries has another root: the log was forked", old.Size)
		}
		return nil
	}
	if err := seen(); err != nil {
		return err
	}
	count := (head.Size + tileWidth - 1) / tileWidth
	bundles := read(source, head.Size, count)
	for number := int64(0); number < count; number++ {
		bundle := <-<-bundles
		if bundle.err != nil {
			return bundle.err
		}
		for _, leaf := range bundle.leaves {
			if err := grown.add(leaf); err != nil {
				return err
			}
			if err := seen(); err != nil {
				return err
			}
		}
	}
	for level, row := range grown.rows {
		if level > 0 && len(row) > 0 {
			if err := compare(source, level, grown.size>>(8*(level+1)), row); err != nil {
				return err
			}
		}
	}
	if grown.root() != head.Root {
		return errors.New("the entries do not make the root of the checkpoint")
	}
	return nil
}

// compare checks that the tile of the log is the row that was hashed from the entries.
func compare(source *Source, level int, number int64, row []hash) error {
	octets, err := source.ReadTile(strconv.Itoa(level), number, len(row), maxTile)
	if err != nil {
		return err
	}
	if len(octets) > len(row)*sha256.Size && len(octets) == maxTile {
		octets = octets[:len(row)*sha256.Size]
	}
	for index, one := range row {
		end := (index + 1) * sha256.Size
		if len(octets) < end || !bytes.Equal(octets[end-sha256.Size:end], one[:]) {
			return fmt.Errorf("tile/%d/%s differs from the entries at hash %d", level, numberPath(number), index)
		}
	}
	if len(octets) != len(row)*sha256.Size {
		return fmt.Errorf("tile/%d/%s has another width", level, numberPath(number))
	}
	return nil
}

type bundle struct {
	leaves []hash
	err    error
}

// read gives the leaves of all bundles of a log in order, each compared with its tile. Some are read ahead.
func read(source *Source, size, count int64) <-chan chan bundle {
	waiting := make(chan chan bundle, readers)
	go func() {
		for number := int64(0); number < count; number++ {
			one := make(chan bundle, 1)
			waiting <- one
			go func(number int64) {
				width := int(min(tileWidth, size-number*tileWidth))
				leaves, err := readBundle(source, number, width)
				if err == nil {
					err = compare(source, 0, number, leaves)
				}
				one <- bundle{leaves, err}
			}(number)
		}
	}()
	return waiting
}

func readBundle(source *Source, number int64, width int) ([]hash, error) {
	octets, err := source.ReadTile("entries", number, width, maxBundle)
	if err != nil {
		return nil, err
	}
	var leaves []hash
	for len(octets) > 0 {
		if len(octets) < 2 || len(octets)-2 < int(binary.BigEndian.Uint16(octets)) {
			return nil, fmt.Errorf("tile/entries/%s breaks off", numberPath(number))
		}
		end := 2 + int(binary.BigEndian.Uint16(octets))
		leaves = append(leaves, sha256.Sum256(append([]byte{0}, octets[2:end]...)))
		octets = octets[end:]
	}
	if len(leaves) != width && len(leaves) != tileWidth {
		return nil, fmt.Errorf("tile/entries/%s has %d entries instead of %d", numberPath(number), len(leaves), width)
	}
	return leaves[:width], nil
}
