package keyrings

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	openpgp "github.com/ProtonMail/go-crypto/openpgp/v2"
	"github.com/google/go-cmp/cmp"

	"migrate/pgp"
)

const thomas = pgp.Fingerprint("7169605F62C751356D054A26A821E680E5FA6305")

func TestShipped(t *testing.T) {
	files, err := Shipped()
	if err != nil {
		t.Fatal(err)
	}
	ring, problems := embedded(t).Keyring(files)
	if problems != nil {
		t.Errorf("problems with the shipped keys: %v", problems)
	}
	var got []pgp.Fingerprint
	for _, c := range ring.Certificates() {
		got = append(got, c.Fingerprint)
	}
	if diff := cmp.Diff([]pgp.Fingerprint{thomas}, got); diff != "" {
		t.Error(diff)
	}
	// The README beside the keys says what they are.
	readme, err := os.ReadFile("keys/README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		digest := fmt.Sprintf("%x", sum(f.Data))
		file := strings.TrimPrefix(f.Source, "shipped:")
		if file == f.Source || !bytes.Contains(readme, []byte(file)) || !bytes.Contains(readme, []byte(digest)) {
			t.Errorf("%s (%s) is not in keys/README.md", f.Source, digest)
		}
	}
}

// makeKey returns a new public key, armored, and its fingerprint.
func makeKey(t *testing.T, name, email string) ([]byte, pgp.Fingerprint) {
	t.Helper()
	e, err := openpgp.NewEntity(name, "", email, nil)
	if err != nil {
		t.Fatal(err)
	}
	var buf bytes.Buffer
	if err := e.Serialize(&buf); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes(), pgp.Fingerprint(fmt.Sprintf("%X", e.PrimaryKey.Fingerprint))
}

// A key is taken for its fingerprint, never for the name it bears.
func TestKeyringImpostor(t *testing.T) {
	r := embedded(t)
	shipped, err := Shipped()
	if err != nil {
		t.Fatal(err)
	}
	impostor, fake := makeKey(t, "Thomas Wouters", "thomas@python.org")
	stranger, _ := makeKey(t, "Somebody", "somebody@example.org")
	other, _ := makeKey(t, "Somebody else", "else@example.org")
	hugo, hugoFake := makeKey(t, "Hugo van Kemenade", "hugo@python.org")

	armored := shipped[0]
	tests := []struct {
		name     string
		files    []KeyFile
		taken    []pgp.Fingerprint
		problems []Problem
	}{
		{"alone", []KeyFile{{"fake.gpg", impostor}}, nil, []Problem{{"fake.gpg",
			fmt.Sprintf("key %s was ignored: it names Thomas Wouters, but is none of the keys the roster pins for them (%s)", fake, thomas)}}},
		{"beside the real key", []KeyFile{armored, {"fake.gpg", impostor}}, []pgp.Fingerprint{thomas}, []Problem{{"fake.gpg",
			fmt.Sprintf("key %s was ignored: it names Thomas Wouters, but is none of the keys the roster pins for them (%s)", fake, thomas)}}},
		{"of somebody without keys", []KeyFile{{"fake.gpg", hugo}}, nil, []Problem{{"fake.gpg",
			fmt.Sprintf("key %s was ignored: it names Hugo van Kemenade, but is none of the keys the roster pins for them (there is none)", hugoFake)}}},
		{"a stranger", []KeyFile{{"one.gpg", stranger}}, nil, []Problem{
			{"one.gpg", "one key was ignored: the roster does not pin it"}}},
		{"strangers", []KeyFile{{"two.gpg", slices.Concat(stranger, other)}}, nil, []Problem{
			{"two.gpg", "2 keys were ignored: the roster does not pin them"}}},
		{"not a key", []KeyFile{{"page.asc", []byte("<!DOCTYPE html><html></html>")}, armored}, []pgp.Fingerprint{thomas}, []Problem{
			{"page.asc", "this is an HTML or XML page, not a key: download it again"}}},
		{"empty", []KeyFile{{"empty.asc", nil}}, nil, []Problem{{"empty.asc", "the file is empty"}}},
		{"twice", []KeyFile{armored, {"copy.asc", armored.Data}}, []pgp.Fingerprint{thomas}, nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			ring, problems := r.Keyring(test.files)
			var taken []pgp.Fingerprint
			for _, c := range ring.Certificates() {
				taken = append(taken, c.Fingerprint)
			}
			if diff := cmp.Diff(test.taken, taken); diff != "" {
				t.Errorf("taken (-want +got)\n%s", diff)
			}
			if diff := cmp.Diff(test.problems, problems); diff != "" {
				t.Errorf("problems (-want +got)\n%s", diff)
			}
		})
	}
}

func TestReadKeyFiles(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("b.asc", "b")
	write("a.GPG", "a")
	write("c.pgp", "c")
	write("d.key", "d")
	write("readme.txt", "not a key")
	write("named.txt", "named")
	write("huge.asc", strings.Repeat("x", maxKeyFileSize+1))
	if err := os.Mkdir(filepath.Join(dir, "sub.asc"), 0o700); err != nil { // not looked into
		t.Fatal(err)
	}
	empty := filepath.Join(dir, "empty")
	if err := os.Mkdir(empty, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("nowhere", filepath.Join(dir, "broken.asc")); err != nil {
		t.Fatal(err)
	}
	missing := filepath.Join(dir, "missing.asc")

	files, problems := ReadKeyFiles([]string{filepath.Join(dir, "named.txt"), dir, missing, empty})
	var got []string
	for _, f := range files {
		rel, _ := filepath.Rel(dir, f.Source)
		got = append(got, rel+"="+string(f.Data))
	}
	if diff := cmp.Diff([]string{"named.txt=named", "a.GPG=a", "b.asc=b", "c.pgp=c", "d.key=d"}, got); diff != "" {
		t.Errorf("files (-want +got)\n%s", diff)
	}
	want := []Problem{
		{filepath.Join(dir, "broken.asc"), "cannot stat: no such file or directory"},
		{filepath.Join(dir, "huge.asc"), "this file has more than 4 MiB; export only the release managers' keys"},
		{missing, "cannot stat: no such file or directory"},
		{empty, "there is no key file in this directory; they end in .asc, .gpg, .pgp, .key"},
	}
	if diff := cmp.Diff(want, problems); diff != "" {
		t.Errorf("problems (-want +got)\n%s", diff)
	}
}

func TestReadKeyFilesIrregular(t *testing.T) {
	if info, err := os.Stat(os.DevNull); err != nil || info.Mode()&fs.ModeDevice == 0 {
		t.Skip("no device to read")
	}
	files, problems := ReadKeyFiles([]string{os.DevNull})
	want := []Problem{{os.DevNull, "this is not a regular file; write the keys to one"}}
	if diff := cmp.Diff(want, problems); diff != "" || files != nil {
		t.Errorf("%v\n%s", files, diff)
	}
}

func TestHint(t *testing.T) {
	got := Hint(thomas)
	if want := "migrate keyrings update, or for a machine without network: " + GPGHint(thomas); got != want {
		t.Errorf("%q, want %q", got, want)
	}
	for _, want := range []string{"gpg --keyserver hkps://", "--recv-keys " + string(thomas), "--keyring " + string(thomas) + ".asc"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q lacks %q", got, want)
		}
	}
	if strings.Contains(got, "\n") {
		t.Error("more than one line")
	}
}

// The rest needs the real corpus.

func TestCorpusKeys(t *testing.T) {
	r := embedded(t)
	dir := filepath.Join(corpus(t), "keys")
	files, problems := ReadKeyFiles([]string{dir})
	if problems != nil {
		t.Error(problems)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(files) != len(entries) || len(files) == 0 {
		t.Errorf("%d key files of %d", len(files), len(entries))
	}
	ring, problems := r.Keyring(files)
	if problems != nil {
		t.Error(problems)
	}
	copies := make(map[pgp.Fingerprint]int)
	algorithms := make(map[pgp.Fingerprint]string)
	for _, c := range ring.Certificates() {
		copies[c.Fingerprint] = len(c.Copies)
		algorithms[c.Fingerprint] = c.Algorithm
	}
	for _, k := range r.Keys() {
		want := 1
		if k.Fingerprint == thomas {
			want = 2 // Debian's copy and the refreshed one
		}
		if copies[k.Fingerprint] != want {
			t.Errorf("%s %s: %d copies, want %d", k.Label, k.Fingerprint, copies[k.Fingerprint], want)
		}
		if algorithms[k.Fingerprint] != k.Algorithm {
			t.Errorf("%s: the roster says %s, the key is %s", k.Label, k.Algorithm, algorithms[k.Fingerprint])
		}
	}
	if len(copies) != len(r.Keys()) {
		t.Errorf("%d keys, %d pinned", len(copies), len(r.Keys()))
	}
	for _, f := range files {
		if one, _ := r.Keyring([]KeyFile{f}); len(one.Certificates()) != 1 {
			t.Errorf("%s: %d pinned keys, want 1", f.Source, len(one.Certificates()))
		}
	}
}

// The shipped key is what Debian distributes, and verifies what it should.
func TestCorpusShipped(t *testing.T) {
	dir := corpus(t)
	want, err := os.ReadFile(filepath.Join(dir, "keys", "thomas-wouters-debian-expired-2026-07-02.asc"))
	if err != nil {
		t.Fatal(err)
	}
	files, err := Shipped()
	if err != nil {
		t.Fatal(err)
	}
	if len(files) != 1 || !bytes.Equal(files[0].Data, want) {
		t.Error("the shipped key is not Debian's")
	}

	r := embedded(t)
	ring, _ := r.Keyring(files)
	artifact := filepath.Join(dir, "mirror", "3.13.5", "Python-3.13.5.tar.xz")
	asc, err := os.ReadFile(artifact + ".asc")
	if err != nil {
		t.Fatal(err)
	}
	sig := pgp.Parse(asc)
	hashes := pgp.NewHashes(sig)
	f, err := os.Open(artifact)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteTo(hashes); err != nil {
		t.Fatal(err)
	}
	e := r.Expect(name(t, "Python-3.13.5.tar.xz"))
	result := ring.Verify(sig, hashes, pgp.Policy{Signers: e.Signers, Time: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)})
	if result.Status != pgp.Good || result.Certificate != thomas {
		t.Errorf("%s by %q: %s", result.Status, result.Certificate, result.Detail)
	}
	// The same signature under a file of another role is not by its signer.
	e = r.Expect(name(t, "python-3.13.5-amd64.exe"))
	result = ring.Verify(sig, hashes, pgp.Policy{Signers: e.Signers, Time: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)})
	if result.Status != pgp.WrongSigner {
		t.Errorf("a source signer's signature under a Windows file: %s", result.Status)
	}
}
