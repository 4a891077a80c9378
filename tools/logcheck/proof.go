package main

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math/bits"
	"strconv"
	"strings"
)

const maxProof = 4 << 20

// extra is what a proof of rxtrail says beside the place in the log. Its fields stand in this order and no other.
type extra struct {
	Format  string `json:"format"`
	Entry   []byte `json:"entry"`
	Salt    []byte `json:"salt,omitempty"`
	Opening []byte `json:"opening,omitempty"`
	Count   uint64 `json:"count,omitempty"`
	Leaves  []leaf `json:"leaves,omitempty"`
}

type leaf struct {
	Index uint64   `json:"index"`
	Salt  []byte   `json:"salt"`
	Text  string   `json:"text"`
	Path  [][]byte `json:"path"`
}

// CheckProof judges a .tlog-proof file, and tells what it shows.
func CheckProof(octets []byte, logs, witnesses keys) (string, error) {
	at := bytes.Index(octets, []byte("\n\n"))
	if len(octets) > maxProof || at < 0 {
		return "", errors.New("not a proof: no blank line before a checkpoint")
	}
	lines := strings.Split(string(octets[:at]), "\n")
	if len(lines) < 3 || lines[0] != "c2sp.org/tlog-proof@v1" || !strings.HasPrefix(lines[1], "extra ") ||
		!strings.HasPrefix(lines[2], "index ") {
		return "", errors.New("not a proof of a record: header, extra data and index are expected")
	}
	told, err := readExtra(strings.TrimPrefix(lines[1], "extra "))
	if err != nil {
		return "", err
	}
	number := strings.TrimPrefix(lines[2], "index ")
	index, err := strconv.ParseUint(number, 10, 63)
	if err != nil || strconv.FormatUint(index, 10) != number {
		return "", errors.New("the index is no number")
	}
	var path [][]byte
	for _, line := range lines[3:] {
		one, err := strict.DecodeString(line)
		if err != nil {
			return "", errors.New("a line of the proof is no hash")
		}
		path = append(path, one)
	}
	head, err := OpenCheckpoint(octets[at+2:], logs, witnesses)
	if err != nil {
		return "", err
	}
	found := sha256.Sum256(append([]byte{0}, told.Entry...))
	if err := included(found, index, uint64(head.Size), path, head.Root); err != nil {
		return "", fmt.Errorf("the entry is not in the log: %w", err)
	}
	what, err := told.shown()
	return fmt.Sprintf("record %d of %d of %s: %s", index, head.Size, head.Origin, what), err
}

func readExtra(text string) (*extra, error) {
	octets, err := strict.DecodeString(text)
	if err != nil {
		return nil, errors.New("the extra data is not base64")
	}
	told := &extra{}
	if err := json.Unmarshal(octets, told); err != nil || told.Format != "rxtrail proof v1" {
		return nil, errors.New("the extra data is not that of a record of rxtrail")
	}
	var again bytes.Buffer
	encoder := json.NewEncoder(&again)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(told); err != nil || again.String() != string(octets)+"\n" {
		return nil, errors.New("the extra data is written in another way than it is defined")
	}
	return told, nil
}

// shown follows the extra data from the entry to what it opens.
func (e *extra) shown() (string, error) {
	if len(e.Entry) < 18+32 || e.Entry[0] != 1 {
		return "", errors.New("not an entry of version 1")
	}
	commitment := e.Entry[18:]
	words := "entry " + hex.EncodeToString(e.Entry[2:18])
	if len(e.Salt) > 0 || len(e.Opening) > 0 {
		code := hmac.New(sha256.New, e.Salt)
		code.Write(e.Opening)
		if len(e.Salt) != 32 || e.Entry[1] == 6 || !hmac.Equal(code.Sum(nil), commitment[:32]) {
			return "", errors.New("the record is not the one that the log commits to")
		}
		words += fmt.Sprintf(", opened: %d bytes", len(e.Opening))
	}
	if len(e.Leaves) == 0 {
		if e.Count != 0 {
			return "", errors.New("packages are counted, and none is shown")
		}
		return words, nil
	}
	if len(commitment) != 64 || e.Entry[1] != 1 {
		return "", errors.New("the log has no packages of this record")
	}
	for i, one := range e.Leaves {
		if (i == 0 && one.Index != 0) || (i > 0 && one.Index <= e.Leaves[i-1].Index) || len(one.Salt) != 16 {
			return "", errors.New("the packages do not stand in the order of the event, after its summary")
		}
		hashed := sha256.Sum256(append(append([]byte{0}, one.Salt...), one.Text...))
		if err := included(hashed, one.Index, e.Count, one.Path, hash(commitment[32:])); err != nil {
			return "", fmt.Errorf("%q is not in the event: %w", one.Text, err)
		}
		words += "\n  " + one.Text
	}
	var summary map[string]string
	if err := json.Unmarshal([]byte(e.Leaves[0].Text), &summary); err != nil ||
		summary["identifierCount"] != strconv.FormatUint(e.Count-1, 10) {
		return "", errors.New("the event names another number of identifiers than the proof says")
	}
	return words, nil
}

// included checks that a leaf is number index of the tree with this size and root (RFC 6962 §2.1.1): below the level at
// which the ways of the leaf and of the last leaf part, siblings stand on both sides, above it on the left only.
func included(found hash, index, size uint64, path [][]byte, root hash) error {
	if index >= size {
		return errors.New("there is no such leaf")
	}
	inner := bits.Len64(index ^ (size - 1))
	if len(path) != inner+bits.OnesCount64(index>>inner) {
		return errors.New("the proof has another length")
	}
	for level, one := range path {
		if len(one) != sha256.Size {
			return errors.New("a hash has not 32 bytes")
		}
		if level < inner && index>>level&1 == 0 {
			found = node(found, hash(one))
		} else {
			found = node(hash(one), found)
		}
	}
	if found != root {
		return errors.New("it leads to another root")
	}
	return nil
}
