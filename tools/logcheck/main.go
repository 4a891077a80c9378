// Logcheck judges a C2SP tlog-tiles log without the program that wrote it.
//
// It reads every entry, hashes the whole tree again, compares every tile and the root of the signed checkpoint, and
// checks the signatures of the log (Ed25519, type 0x01) and of witnesses (cosignature/v1, type 0x04). With -old it also
// checks that an older checkpoint is of the same log, and that nothing before it was changed since. With -proof it
// judges a .tlog-proof file of rxtrail instead, and tells what that shows.
//
// It uses only Go's standard library. Exit 0: all of it holds. 1: something does not. 2: it was called wrongly.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
)

type keys []*Key

func (k *keys) String() string { return "" }

func (k *keys) Set(text string) error {
	key, err := ParseKey(text)
	*k = append(*k, key)
	return err
}

func main() {
	var logs, witnesses keys
	where := flag.String("log", "", "the log: a folder or an http(s) address")
	old := flag.String("old", "", "a file with an older checkpoint of the same log")
	proof := flag.String("proof", "", "a .tlog-proof file, instead of a log")
	flag.Var(&logs, "vkey", "the verifier key of the log (may be given more than once)")
	flag.Var(&witnesses, "witness", "the verifier key of a witness that must have cosigned (may be given more than once)")
	flag.Usage = func() {
		fmt.Fprintln(os.Stderr, "usage: logcheck -log FOLDER|URL -vkey KEY [-witness KEY]... [-old CHECKPOINT]")
		fmt.Fprintln(os.Stderr, "       logcheck -proof FILE -vkey KEY [-witness KEY]...")
		flag.PrintDefaults()
	}
	flag.Parse()
	if (*where == "") == (*proof == "") || len(logs) == 0 || flag.NArg() > 0 {
		flag.Usage()
		os.Exit(2)
	}
	var words string
	var err error
	if *proof != "" {
		var octets []byte
		if octets, err = os.ReadFile(*proof); err == nil {
			words, err = CheckProof(octets, logs, witnesses)
		}
	} else {
		var head *Checkpoint
		if head, err = judge(NewSource(*where), *old, logs, witnesses); err == nil {
			words = fmt.Sprintf("%s: %d entries, root %x", head.Origin, head.Size, head.Root)
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "FAIL:", err)
		os.Exit(1)
	}
	fmt.Println("OK:", words)
}

func judge(source *Source, oldPath string, logs, witnesses keys) (*Checkpoint, error) {
	octets, err := source.Read("checkpoint", maxNote)
	if err != nil {
		return nil, err
	}
	head, err := OpenCheckpoint(octets, logs, witnesses)
	if err != nil {
		return nil, err
	}
	var old *Checkpoint
	if oldPath != "" {
		octets, err := os.ReadFile(oldPath)
		if err != nil {
			return nil, err
		}
		if old, err = OpenCheckpoint(octets, logs, nil); err != nil {
			return nil, fmt.Errorf("the older checkpoint: %w", err)
		}
		if old.Origin != head.Origin {
			return nil, errors.New("the older checkpoint is of another log")
		}
		if old.Size > head.Size {
			return nil, fmt.Errorf("the log has %d entries, and had %d: it was truncated", head.Size, old.Size)
		}
	}
	return head, Walk(source, head, old)
}
