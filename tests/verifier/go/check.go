// Check reads a log's directory, or a tlog-proof, with Go's own sumdb packages: note for signatures, tlog for the tree.
//
//	check log DIR VKEY          every leaf is in the signed tree
//	check proof FILE VKEY LEAF  the leaf in the file LEAF is in the signed tree
package main

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const height = 8

// tiles reads the tiles of a directory; sumdb's paths name the height, ours do not.
type tiles struct{ dir string }

func (t tiles) Height() int                     { return height }
func (t tiles) SaveTiles([]tlog.Tile, [][]byte) {}

func (t tiles) path(tile tlog.Tile) string {
	path := strings.Replace(tile.Path(), "tile/8/", "tile/", 1)
	return filepath.Join(t.dir, strings.Replace(path, "tile/data/", "tile/entries/", 1))
}

func (t tiles) ReadTiles(wanted []tlog.Tile) ([][]byte, error) {
	var read [][]byte
	for _, tile := range wanted {
		data, err := os.ReadFile(t.path(tile))
		if err != nil {
			return nil, err
		}
		read = append(read, data)
	}
	return read, nil
}

// openCheckpoint checks the signature; the origin must be the key's name.
func openCheckpoint(data []byte, vkey string) (tree tlog.Tree, err error) {
	verifier, err := note.NewVerifier(vkey)
	if err != nil {
		return tree, err
	}
	opened, err := note.Open(data, note.VerifierList(verifier))
	if err != nil {
		return tree, err
	}
	lines := strings.Split(opened.Text, "\n")
	if len(lines) != 4 || lines[0] != verifier.Name() {
		return tree, fmt.Errorf("not a checkpoint of %s", verifier.Name())
	}
	if tree.N, err = strconv.ParseInt(lines[1], 10, 64); err != nil {
		return tree, err
	}
	tree.Hash, err = tlog.ParseHash(lines[2])
	return tree, err
}

func checkLog(dir, vkey string) error {
	data, err := os.ReadFile(filepath.Join(dir, "checkpoint"))
	if err != nil {
		return err
	}
	tree, err := openCheckpoint(data, vkey)
	if err != nil {
		return err
	}
	reader := tiles{dir}
	hashes := tlog.TileHashReader(tree, reader)
	for start := int64(0); start < tree.N; start += 1 << height {
		width := tree.N - start
		if width > 1<<height {
			width = 1 << height
		}
		bundle, err := os.ReadFile(reader.path(tlog.Tile{H: height, L: -1, N: start >> height, W: int(width)}))
		if err != nil {
			return err
		}
		var places []int64
		for at := start; at < start+width; at++ {
			places = append(places, tlog.StoredHashIndex(0, at))
		}
		stored, err := hashes.ReadHashes(places) // checks the tiles against the signed root
		if err != nil {
			return err
		}
		for at, hash := range stored {
			if len(bundle) < 2 || len(bundle) < 2+int(binary.BigEndian.Uint16(bundle)) {
				return fmt.Errorf("leaf %d: cut off", start+int64(at))
			}
			end := 2 + int(binary.BigEndian.Uint16(bundle))
			if tlog.RecordHash(bundle[2:end]) != hash {
				return fmt.Errorf("leaf %d: another hash", start+int64(at))
			}
			bundle = bundle[end:]
		}
		if len(bundle) > 0 {
			return fmt.Errorf("leaf %d: bytes left over", start+width)
		}
	}
	fmt.Println(tree.N, tree.Hash)
	return nil
}

func checkProof(path, vkey, leaf string) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	entry, err := os.ReadFile(leaf)
	if err != nil {
		return err
	}
	gap := bytes.Index(data, []byte("\n\n"))
	if gap < 0 {
		return fmt.Errorf("%s: no checkpoint", path)
	}
	tree, err := openCheckpoint(data[gap+2:], vkey)
	if err != nil {
		return err
	}
	lines := strings.Split(string(data[:gap]), "\n")
	if len(lines) < 2 || lines[0] != "c2sp.org/tlog-proof@v1" {
		return fmt.Errorf("%s: not a proof", path)
	}
	index, err := strconv.ParseInt(strings.TrimPrefix(lines[1], "index "), 10, 64)
	if err != nil {
		return err
	}
	var proof tlog.RecordProof
	for _, line := range lines[2:] {
		hash, err := base64.StdEncoding.DecodeString(line)
		if err != nil || len(hash) != tlog.HashSize {
			return fmt.Errorf("%s: not a hash: %s", path, line)
		}
		proof = append(proof, tlog.Hash(*(*[tlog.HashSize]byte)(hash)))
	}
	if err := tlog.CheckRecord(proof, tree.N, tree.Hash, index, tlog.RecordHash(entry)); err != nil {
		return err
	}
	fmt.Println(index, tree.N)
	return nil
}

func main() {
	err := fmt.Errorf("check log DIR VKEY | check proof FILE VKEY LEAF")
	if len(os.Args) == 4 && os.Args[1] == "log" {
		err = checkLog(os.Args[2], os.Args[3])
	} else if len(os.Args) == 5 && os.Args[1] == "proof" {
		err = checkProof(os.Args[2], os.Args[3], os.Args[4])
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
