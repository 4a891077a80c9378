package main

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Source is where the files of a log are read from.
type Source struct {
	folder string
	prefix string
	client *http.Client
}

// NewSource takes a folder or an address.
func NewSource(where string) *Source {
	if strings.HasPrefix(where, "http://") || strings.HasPrefix(where, "https://") {
		transport := &http.Transport{MaxIdleConnsPerHost: readers, MaxConnsPerHost: readers}
		client := &http.Client{Timeout: time.Minute, Transport: transport}
		return &Source{prefix: strings.TrimSuffix(where, "/") + "/", client: client}
	}
	return &Source{folder: where}
}

// Read gives a whole file of at most limit bytes.
func (s *Source) Read(path string, limit int) ([]byte, error) {
	body, err := s.open(path)
	if err != nil {
		return nil, err
	}
	defer body.Close()
	octets, err := io.ReadAll(io.LimitReader(body, int64(limit)+1))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if len(octets) > limit {
		return nil, fmt.Errorf("%s: larger than it can be", path)
	}
	return octets, nil
}

// ReadTile gives a tile or bundle of this width; when only the full one is left, its beginning is for the caller to cut.
func (s *Source) ReadTile(kind string, number int64, width, limit int) ([]byte, error) {
	full := "tile/" + kind + "/" + numberPath(number)
	if width == tileWidth {
		return s.Read(full, limit)
	}
	octets, err := s.Read(fmt.Sprintf("%s.p/%d", full, width), limit)
	if errors.Is(err, os.ErrNotExist) {
		if whole, again := s.Read(full, limit); again == nil {
			return whole, nil
		}
	}
	return octets, err
}

func (s *Source) open(path string) (io.ReadCloser, error) {
	if s.client == nil {
		return os.Open(filepath.Join(s.folder, filepath.FromSlash(path)))
	}
	answer, err := s.client.Get(s.prefix + path)
	if err != nil {
		return nil, err
	}
	if answer.StatusCode != http.StatusOK {
		answer.Body.Close()
		if answer.StatusCode == http.StatusNotFound {
			return nil, fmt.Errorf("%s: %w", path, os.ErrNotExist)
		}
		return nil, fmt.Errorf("%s: %s", path, answer.Status)
	}
	return answer.Body, nil
}

func numberPath(number int64) string {
	path := fmt.Sprintf("%03d", number%1000)
	for number /= 1000; number > 0; number /= 1000 {
		path = fmt.Sprintf("x%03d/%s", number%1000, path)
	}
	return path
}
