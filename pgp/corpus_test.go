package pgp

import (
	"crypto/sha256"
	"crypto/sha512"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// The tests of this file run on real releases and keys.

// corpus returns the path of a file of the corpus.
func corpus(t testing.TB, elem ...string) string {
	t.Helper()
	dir := os.Getenv("MIGRATE_CORPUS")
	if dir == "" {
		t.Skip("MIGRATE_CORPUS is not set")
	}
	return filepath.Join(dir, filepath.Join(elem...))
}

func readCorpus(t testing.TB, elem ...string) []byte {
	t.Helper()
	data, err := os.ReadFile(corpus(t, elem...))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

const (
	thomas        = Fingerprint("7169605F62C751356D054A26A821E680E5FA6305")
	oldCopy       = "thomas-wouters-debian-expired-2026-07-02.asc"
	refreshedCopy = "thomas-wouters.asc"
)

// afterRefresh is later than both the expiry of the old copy and the refresh.
var afterRefresh = time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)

// real returns the signature of 3.13.5 and the hashes of its artifact, which is
// read once for all tests.
func real(t testing.TB) (asc []byte, h *Hashes) {
	t.Helper()
	asc = readCorpus(t, "mirror", "3.13.5", "Python-3.13.5.tar.xz.asc")
	artifact := corpus(t, "mirror", "3.13.5", "Python-3.13.5.tar.xz")
	once.Do(func() {
		hashes = NewHashes(Parse(asc))
		var f *os.File
		if f, hashErr = os.Open(artifact); hashErr == nil {
			_, hashErr = io.Copy(hashes, f)
			f.Close()
		}
	})
	if hashErr != nil {
		t.Fatal(hashErr)
	}
	return asc, hashes
}

var (
	once    sync.Once
	hashes  *Hashes
	hashErr error
)

func corpusRing(t testing.TB, files ...string) *Keyring {
	t.Helper()
	k := NewKeyring()
	for _, f := range files {
		if _, skipped, err := k.Add(f, readCorpus(t, "keys", f)); err != nil || len(skipped) > 0 {
			t.Fatalf("%v, skipped %v", err, skipped)
		}
	}
	return k
}

func TestCorpusRelease(t *testing.T) {
	asc, h := real(t)
	expiry := time.Date(2026, 7, 2, 13, 24, 17, 0, time.UTC)
	tests := []struct {
		name    string
		files   []string
		now     time.Time
		status  Status
		expired time.Time
	}{
		{"Debian's copy", []string{oldCopy}, date(2026), Good, time.Time{}},
		{"Debian's copy, after its expiry", []string{oldCopy}, afterRefresh, Good, expiry},
		{"refreshed copy", []string{refreshedCopy}, afterRefresh, GoodRefreshed, time.Time{}},
		{"both", []string{oldCopy, refreshedCopy}, afterRefresh, Good, time.Time{}},
		{"both, the other way round", []string{refreshedCopy, oldCopy}, afterRefresh, Good, time.Time{}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			p := Policy{Signers: []Fingerprint{thomas}, Time: test.now}
			k := corpusRing(t, test.files...)
			r := k.Verify(Parse(asc), h, p)
			if r.Status != test.status || !r.KeyExpiredSince.Equal(test.expired) {
				t.Errorf("got %+v", r)
			}
			if r.Certificate != thomas || r.SigningKey != thomas || r.UserID != "Thomas Wouters <thomas@python.org>" || r.Algorithm != "RSA-4096" ||
				r.Issuer != string(thomas) || r.Hash != "SHA-512" || !r.Created.Equal(time.Date(2025, 6, 11, 17, 45, 54, 0, time.UTC)) || r.Version != 4 || r.Signatures != 1 {
				t.Errorf("facts: %+v", r)
			}
			p.Signers = []Fingerprint{"0D96DF4D4110E5C43FBFB17F2D347EA6AA65421D"}
			if r := k.Verify(Parse(asc), h, p); r.Status != WrongSigner || r.Certificate != thomas {
				t.Errorf("another signer expected: %+v", r)
			}
		})
	}
	t.Run("another's key", func(t *testing.T) {
		if r := corpusRing(t, "ned-deily.asc").Verify(Parse(asc), h, Policy{Signers: everyone(corpusRing(t, "ned-deily.asc")), Time: afterRefresh}); r.Status != UnknownKey || r.Issuer != string(thomas) {
			t.Errorf("got %+v", r)
		}
	})
}

// TestCorpusChangedArtifact: one byte of the artifact is enough.
func TestCorpusChangedArtifact(t *testing.T) {
	asc, _ := real(t)
	data := readCorpus(t, "mirror", "3.13.5", "Python-3.13.5.tar.xz")
	for _, at := range []int{0, len(data) / 2, len(data) - 1} {
		data[at] ^= 1
		sig := Parse(asc)
		h := NewHashes(sig)
		h.Write(data)
		for _, copies := range [][]string{{oldCopy}, {refreshedCopy}, {oldCopy, refreshedCopy}} {
			if r := corpusRing(t, copies...).Verify(sig, h, Policy{Signers: everyone(corpusRing(t, copies...)), Time: afterRefresh}); r.Status != Bad || r.Certificate != "" {
				t.Errorf("byte %d: %+v", at, r)
			}
		}
		data[at] ^= 1
	}
}

// TestCorpusKeys: every key of the corpus loads, with the fingerprint that is
// pinned for it.
func TestCorpusKeys(t *testing.T) {
	pinned := map[string]struct {
		fingerprint Fingerprint
		algorithm   string
	}{
		"anthony-baxter.asc":            {"531F072D39700991925FED0C0EDDC5F26A45C816", "DSA-1024"},
		"barry-warsaw-dsa1024.asc":      {"DBBF2EEBF925FAADCF1F3FFFD9866941EA5BBD71", "DSA-1024"},
		"barry-warsaw.asc":              {"8417157EDBE73D9EAC1E539B126EB563A74B06BF", "RSA-4096"},
		"martin-von-loewis.asc":         {"CBC547978A3964D14B9AB36A6AF053F07D9DC8D2", "DSA-1024"},
		"ronald-oussoren.asc":           {"2BA0DB82515BBB9EFFAC71C5C9BE28DEE6DF025C", "DSA-1024"},
		"benjamin-peterson-dsa1024.asc": {"12EF3DC38047DA382D18A5B999CDEA9DA4135B38", "DSA-1024"},
		"benjamin-peterson.asc":         {"C01E1CAD5EA2C4F0B8E3571504C367C218ADD4FF", "RSA-4096"},
		"georg-brandl.asc":              {"26DEA9D4613391EF3E25C9FF0A5B101836580288", "DSA-2048"},
		"larry-hastings.asc":            {"97FC712E4C024BBEA48A61ED3A5CA953F73C700D", "RSA-4096"},
		"ned-deily-macos.asc":           {"C9B104B3DD3AA72D7CCB1066FB9921286F5E1540", "RSA-2048"},
		"ned-deily.asc":                 {"0D96DF4D4110E5C43FBFB17F2D347EA6AA65421D", "RSA-4096"},
		"steve-dower.asc":               {"7ED10B6531D7C8E1BC296021FC624643487034E5", "RSA-4096"},
		"lukasz-langa.asc":              {"E3FF2839C048B25C084DEBE9B26995E310250568", "RSA-4096"},
		"pablo-galindo.asc":             {"A035C8C19219BA821ECEA86B64E628F8D684696D", "RSA-4096"},
		refreshedCopy:                   {thomas, "RSA-4096"},
		oldCopy:                         {thomas, "RSA-4096"},
	}
	files, err := filepath.Glob(corpus(t, "keys", "*.asc"))
	if err != nil || len(files) != len(pinned) {
		t.Fatalf("%d key files, %v", len(files), err)
	}
	var all []byte
	for _, file := range files {
		name := filepath.Base(file)
		want := pinned[name]
		data := readCorpus(t, "keys", name)
		all = append(all, data...)
		k := NewKeyring()
		added, skipped, err := k.Add(name, data)
		if err != nil || len(skipped) > 0 || !slices.Equal(added, []Fingerprint{want.fingerprint}) {
			t.Errorf("%s: added %v, skipped %v, %v", name, added, skipped, err)
			continue
		}
		c := k.Certificates()[0]
		if c.Algorithm != want.algorithm || len(c.UserIDs) == 0 || c.Revoked || c.Copies[0].OldestSelfSig.IsZero() {
			t.Errorf("%s: %+v", name, c)
		}
		if name == "pablo-galindo.asc" && !slices.Contains(c.Subkeys, "CFDCA245B1043CF2A5F97865FFE87404168BD847") {
			t.Errorf("the signing subkey is missing: %v", c.Subkeys)
		}
	}
	k := NewKeyring()
	if added, skipped, err := k.Add("all in one file", all); len(added) != len(pinned)-1 || len(skipped) > 0 || err != nil {
		t.Errorf("all in one: %d, %v, %v", len(added), skipped, err)
	}
}

// TestCorpusForms: the real file in other shapes.
func TestCorpusForms(t *testing.T) {
	asc, h := real(t)
	k := corpusRing(t, oldCopy)
	crlf := strings.ReplaceAll(string(asc), "\n", "\r\n")
	for name, test := range map[string]struct {
		file   string
		status Status
		reason Reason
	}{
		"CRLF":      {crlf, Good, ""},
		"truncated": {string(asc[:len(asc)/2]), Malformed, BadArmor},
		"huge":      {string(asc) + strings.Repeat("\n", MaxSignatureSize), Malformed, TooLarge},
	} {
		if r := k.Verify(Parse([]byte(test.file)), h, Policy{Signers: everyone(k), Time: afterRefresh}); r.Status != test.status || r.Reason != test.reason {
			t.Errorf("%s: %+v", name, r)
		}
	}
}

// BenchmarkHashes hashes a real release for both verdicts in one read.
func BenchmarkHashes(b *testing.B) {
	data := readCorpus(b, "mirror", "3.13.5", "Python-3.13.5.tar.xz")
	sig := Parse(readCorpus(b, "mirror", "3.13.5", "Python-3.13.5.tar.xz.asc"))
	chunks := func(w io.Writer) {
		for chunk := range slices.Chunk(data, 32<<10) {
			w.Write(chunk)
		}
	}
	b.Run("Hashes", func(b *testing.B) {
		b.SetBytes(int64(len(data)))
		for b.Loop() {
			h := NewHashes(sig)
			chunks(h)
			h.SHA256()
		}
	})
	b.Run("floor SHA-256 and SHA-512", func(b *testing.B) {
		b.SetBytes(int64(len(data)))
		for b.Loop() {
			x, y := sha256.New(), sha512.New()
			chunks(io.MultiWriter(x, y))
			x.Sum(nil)
			y.Sum(nil)
		}
	})
}

// BenchmarkVerify is everything that comes after hashing.
func BenchmarkVerify(b *testing.B) {
	asc, h := real(b)
	for _, files := range [][]string{{oldCopy}, {refreshedCopy}, {oldCopy, refreshedCopy}} {
		k := corpusRing(b, files...)
		b.Run(strings.Join(files, "+"), func(b *testing.B) {
			for b.Loop() {
				if r := k.Verify(Parse(asc), h, Policy{Signers: everyone(k), Time: afterRefresh}); r.Status != Good && r.Status != GoodRefreshed {
					b.Fatal(r)
				}
			}
		})
	}
	b.Run("bad", func(b *testing.B) {
		k, empty := corpusRing(b, oldCopy), NewHashes(Parse(asc))
		for b.Loop() {
			if r := k.Verify(Parse(asc), empty, Policy{Signers: everyone(k), Time: afterRefresh}); r.Status != Bad {
				b.Fatal(r)
			}
		}
	})
}
