// Package demo makes the demonstration and the test vectors: a small mirror of
// invented releases by invented people, with their keys, their roster and the
// trust root of a private Sigstore beside it, and a folder of files that each
// have one thing wrong.
//
// Everything follows from one seed, fixed times and two RSA keys that are
// published here, so that making it again gives the same bytes. The exception
// is RFC 3161 timestamps, into which their library puts random numbers: see
// [Same].
package demo

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp/packet"

	"migrate/internal/sigstoretest"
	"migrate/sigstore"
)

// seed is what all keys but the RSA ones follow from.
const seed = "migrate demo"

// Present is a time after everything in the demonstration has happened, for
// tests. Any later one gives the same answers.
var Present = time.Date(2026, 1, 15, 12, 0, 0, 0, time.UTC)

// founded is when the private Sigstore's keys begin to be valid.
var founded = time.Date(2021, 1, 1, 0, 0, 0, 0, time.UTC)

// renewed is when the newest of them does: what is signed later may be newer than
// the trust root.
var renewed = date(2026, 1, 1)

// The folders, within testdata.
const (
	dir       = "demo"
	mirrorDir = dir + "/mirror"
	keysDir   = dir + "/keys"
	// unreadableDir, within keysDir, is for a key that every run has a word of
	// warning about; a run that is given keysDir does not look into it.
	unreadableDir = "unreadable"
	vectorsDir    = "vectors"
)

// File is one file of the demonstration.
type File struct {
	Path string // within testdata, with forward slashes
	Data []byte
}

// Files makes everything, sorted by path.
func Files() ([]File, error) {
	m := &maker{}
	if m.store, m.err = sigstoretest.New(seed, founded); m.err != nil {
		return nil, m.err
	}
	if m.people, m.err = newPeople(); m.err != nil {
		return nil, m.err
	}
	m.keyFiles()
	m.roster()
	m.ok(m.store.Renew(renewed))
	if root, err := m.store.TrustRoot(); m.ok(err) {
		m.add(dir+"/trusted_root.json", root)
	}
	m.readme()
	for _, r := range releases {
		m.release(r)
	}
	for _, v := range slices.Concat(pgpVectors(), sigstoreVectors(), bothVectors(), laterVectors()) {
		m.vector(v)
	}
	if m.err != nil {
		return nil, fmt.Errorf("demo: %w", m.err)
	}
	slices.SortFunc(m.files, func(a, b File) int { return cmp.Compare(a.Path, b.Path) })
	return m.files, nil
}

// Write makes everything below a folder. Files that are there and that differ
// in nothing but timestamps stay as they are. It removes nothing: what is there
// and no longer made is for a person to delete.
func Write(folder string) error {
	files, err := Files()
	if err != nil {
		return err
	}
	for _, f := range files {
		path := filepath.Join(folder, filepath.FromSlash(f.Path))
		old, err := os.ReadFile(path)
		switch {
		case err == nil && Same(old, f.Data):
			continue
		case err != nil && !errors.Is(err, fs.ErrNotExist):
			return err
		}
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, f.Data, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// stampToken is an RFC 3161 timestamp as it stands in a bundle.
var stampToken = regexp.MustCompile(`"signedTimestamp":"[^"]*"`)

// Same reports whether two contents are the same but for RFC 3161 timestamps.
func Same(a, b []byte) bool {
	none := []byte(`"signedTimestamp":""`)
	return bytes.Equal(a, b) || bytes.Equal(stampToken.ReplaceAll(a, none), stampToken.ReplaceAll(b, none))
}

// A maker makes files in a fixed order and remembers the first error.
type maker struct {
	store   *sigstoretest.Sigstore
	people  *people
	files   []File
	bundles map[string][]byte // that several vectors share
	err     error
}

// ok notes an error, and reports whether there was none so far.
func (m *maker) ok(err error) bool {
	if m.err == nil {
		m.err = err
	}
	return m.err == nil
}

func (m *maker) add(path string, data []byte) {
	m.files = append(m.files, File{path, data})
}

// asc signs with PGP.
func (m *maker) asc(by *packet.PrivateKey, data []byte, at time.Time, opts ...option) []byte {
	asc, err := signAsc(by, data, at, opts...)
	m.ok(err)
	return asc
}

// bundle signs with Sigstore, for an identity and in whatever way g says.
func (m *maker) bundle(id sigstore.Identity, data []byte, at time.Time, g sigstoretest.Signing) []byte {
	b, err := m.store.Sign(signing(id, data, at, g))
	m.ok(err)
	return b
}

// pair signs the way that came before bundles.
func (m *maker) pair(id sigstore.Identity, data []byte, at time.Time) (sig, crt []byte) {
	sig, crt, err := m.store.Pair(signing(id, data, at, sigstoretest.Signing{}))
	m.ok(err)
	return sig, crt
}

func signing(id sigstore.Identity, data []byte, at time.Time, g sigstoretest.Signing) sigstoretest.Signing {
	g.Digest, g.SAN, g.Issuer, g.Time = sha256.Sum256(data), id.SAN, id.Issuer, at
	return g
}

// content is what is in an artifact.
func content(name string) []byte {
	return fmt.Appendf(nil, `This is not %s and no part of CPython.

It stands in for that file in the demonstration of migrate, so that there is
something to sign and to verify. The people who signed it are invented; their
keys are published with the program and protect nothing.
`, name)
}
