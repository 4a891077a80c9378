package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	maxNote       = 1 << 20
	maxSignatures = 128
	logKey        = 0x01 // C2SP signed-note
	witnessKey    = 0x04 // C2SP tlog-cosignature
)

// strict reads base64 in its one right form.
var strict = base64.StdEncoding.Strict()

// Key is a verifier key.
type Key struct {
	Name string
	ID   [4]byte
	Kind byte
	Bare ed25519.PublicKey
}

// ParseKey reads name+hex+base64.
func ParseKey(text string) (*Key, error) {
	parts := strings.SplitN(text, "+", 3)
	if len(parts) != 3 || !isName(parts[0]) {
		return nil, errors.New("not a verifier key")
	}
	octets, err := strict.DecodeString(parts[2])
	if err != nil || len(octets) != 1+ed25519.PublicKeySize || (octets[0] != logKey && octets[0] != witnessKey) {
		return nil, errors.New("not an Ed25519 verifier key of a log or witness")
	}
	key := &Key{Name: parts[0], Kind: octets[0], Bare: ed25519.PublicKey(octets[1:])}
	digest := sha256.Sum256(append([]byte(key.Name+"\n"), octets...))
	copy(key.ID[:], digest[:4])
	if hex.EncodeToString(key.ID[:]) != parts[1] {
		return nil, errors.New("the hash in the verifier key is not that of the key")
	}
	return key, nil
}

// verifies tells whether the key made this signature of the text of a checkpoint.
func (k *Key) verifies(text string, signature []byte) bool {
	if k.Kind == logKey {
		return len(signature) == ed25519.SignatureSize && ed25519.Verify(k.Bare, []byte(text), signature)
	}
	if len(signature) != 8+ed25519.SignatureSize || signature[0] > 0x7f {
		return false
	}
	time := binary.BigEndian.Uint64(signature)
	return ed25519.Verify(k.Bare, []byte(fmt.Sprintf("cosignature/v1\ntime %d\n%s", time, text)), signature[8:])
}

// Checkpoint is a tree head.
type Checkpoint struct {
	Origin string
	Size   int64
	Root   [32]byte
}

// OpenCheckpoint reads a checkpoint that one of the logs signed and all of the witnesses cosigned. A wrong signature
// of a known key spoils it; signatures of unknown keys are passed over.
func OpenCheckpoint(octets []byte, logs, witnesses keys) (*Checkpoint, error) {
	at := bytes.LastIndex(octets, []byte("\n\n"))
	if len(octets) > maxNote || at < 0 || !utf8.Valid(octets) || !bytes.HasSuffix(octets, []byte("\n")) {
		return nil, errors.New("the checkpoint is no signed note")
	}
	text := string(octets[:at+1])
	if strings.IndexFunc(string(octets), func(r rune) bool { return r < ' ' && r != '\n' }) >= 0 {
		return nil, errors.New("the checkpoint has control characters")
	}
	head, err := parseCheckpoint(text)
	if err != nil {
		return nil, err
	}
	signed := map[*Key]bool{}
	lines := strings.Split(strings.TrimSuffix(string(octets[at+2:]), "\n"), "\n")
	if len(lines) > maxSignatures {
		return nil, errors.New("the checkpoint has too many signatures")
	}
	for _, line := range lines {
		name, encoded, ok := strings.Cut(strings.TrimPrefix(line, "— "), " ")
		signature, err := strict.DecodeString(encoded)
		if !ok || err != nil || !strings.HasPrefix(line, "— ") || !isName(name) || len(signature) < 5 {
			return nil, errors.New("the checkpoint has a line that is no signature")
		}
		for _, key := range append(append(keys{}, logs...), witnesses...) {
			if key.Name != name || !bytes.Equal(key.ID[:], signature[:4]) {
				continue
			}
			if !key.verifies(text, signature[4:]) {
				return nil, fmt.Errorf("the signature of %s is wrong", name)
			}
			signed[key] = true
		}
	}
	byLog := false
	for _, key := range logs {
		byLog = byLog || (signed[key] && key.Kind == logKey && key.Name == head.Origin)
	}
	if !byLog {
		return nil, errors.New("the log has not signed the checkpoint")
	}
	for _, key := range witnesses {
		if !signed[key] || key.Kind != witnessKey {
			return nil, fmt.Errorf("the witness %s has not cosigned the checkpoint", key.Name)
		}
	}
	return head, nil
}

func parseCheckpoint(text string) (*Checkpoint, error) {
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	if len(lines) < 3 || lines[0] == "" {
		return nil, errors.New("the checkpoint has too few lines")
	}
	for _, line := range lines {
		if line == "" {
			return nil, errors.New("the checkpoint has an empty line")
		}
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil || size < 0 || strconv.FormatInt(size, 10) != lines[1] {
		return nil, errors.New("the checkpoint has no size")
	}
	root, err := strict.DecodeString(lines[2])
	if err != nil || len(root) != 32 {
		return nil, errors.New("the checkpoint has no root")
	}
	return &Checkpoint{lines[0], size, [32]byte(root)}, nil
}

func isName(name string) bool {
	return name != "" && strings.IndexFunc(name, func(r rune) bool { return unicode.IsSpace(r) || r == '+' }) < 0
}
