package source

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/clearsign"
	"github.com/ProtonMail/go-crypto/openpgp/packet"
	"github.com/google/go-cmp/cmp"
)

var (
	digestA = strings.Repeat("0a", 32)
	digestB = strings.Repeat("0b", 32)
)

// dscText is a .dsc with the given lines in its Checksums-Sha256 field.
func dscText(files ...string) string {
	return "Format: 3.0 (quilt)\n" +
		"Source: python3.13\n" +
		"Binary: python3.13, python3.13-venv,\n libpython3.13\n" +
		"Maintainer: Łukasz Example <l@example.org>\n" +
		"Version: 3.13.5-2\n" +
		"Package-List:\n python3.13 deb python optional arch=any\n python3.13-venv deb python optional arch=any\n" +
		"Checksums-Sha1:\n " + strings.Repeat("01", 20) + " 5 ignored\n" +
		"Checksums-Sha256:\n " + strings.Join(files, "\n ") + "\n"
}

func line(digest string, size int, name string) string {
	return fmt.Sprintf("%s %d %s", digest, size, name)
}

// listing is the line of a file with that content.
func listing(name, content string) string {
	return line(fmt.Sprintf("%x", sha256.Sum256([]byte(content))), len(content), name)
}

const orig = "python3.13_3.13.5.orig.tar.xz"

// signed clear-signs a text with a key of this test's own making.
func signed(t *testing.T, text string) string {
	t.Helper()
	config := &packet.Config{
		Algorithm: packet.PubKeyAlgoEdDSA,
		Time:      func() time.Time { return time.Date(2025, 6, 11, 0, 0, 0, 0, time.UTC) },
	}
	e, err := openpgp.NewEntity("Test", "", "test@example.org", config)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	w, err := clearsign.Encode(&b, e.PrivateKey, config)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String() + "\n"
}

// A .dsc's word on a sidecar is held against the sidecar.
func TestDscSidecar(t *testing.T) {
	content := "content of " + orig + ".asc"
	for name, tt := range map[string]struct {
		line string
		want []string
	}{
		"the same":       {listing(orig+".asc", content), nil},
		"another digest": {line(digestB, len(content), orig+".asc"), []string{"! " + orig + ".asc: is not the file that python.dsc lists: fetch the package again"}},
		"another size": {strings.Replace(listing(orig+".asc", content), " ", " 1", 1),
			[]string{"! " + orig + ".asc: is not the file that python.dsc lists: fetch the package again"}},
	} {
		t.Run(name, func(t *testing.T) {
			dir := write(t, orig, orig+".asc")
			put(t, dir, "python.dsc", dscText(line(digestA, 23, orig), tt.line))
			diff(t, open(t, filepath.Join(dir, "python.dsc")),
				append([]string{orig + " is 3.13.5 source +asc=" + orig + ".asc"}, tt.want...)...)
		})
	}
}

func TestDsc(t *testing.T) {
	text := dscText(
		line(digestA, 23, orig),
		listing(orig+".asc", "content of "+orig+".asc"),
		line(digestB, 200000, "python3.13_3.13.5-2.debian.tar.xz"),
		line(digestB, 7, "python3.13_3.13.5.orig-extra.tar.xz"),
		line(digestA, 9, "python3.13_3.13.5+dfsg.orig.tar.xz"),
	)
	for name, content := range map[string]string{
		"bare":                text,
		"clear-signed":        signed(t, text),
		"with CRLF":           strings.ReplaceAll(text, "\n", "\r\n"),
		"clear-signed (CRLF)": strings.ReplaceAll(signed(t, text), "\n", "\r\n"),
		"with a blank end":    text + "\n\n",
	} {
		t.Run(name, func(t *testing.T) {
			dir := write(t, orig, orig+".asc", "Python-3.13.5.tar.xz.sigstore", "unlisted")
			put(t, dir, "python.dsc", content)
			l := open(t, filepath.Join(dir, "python.dsc"))
			if l.Kind != "dsc" || l.Source != filepath.Join(dir, "python.dsc") {
				t.Errorf("Kind %q, Source %q", l.Kind, l.Source)
			}
			diff(t, l,
				orig+" is 3.13.5 source +asc="+orig+".asc +sigstore=Python-3.13.5.tar.xz.sigstore",
				"? python3.13_3.13.5+dfsg.orig.tar.xz: not a CPython source as python.org publishes it",
				"? python3.13_3.13.5-2.debian.tar.xz: not an upstream artifact",
				"? python3.13_3.13.5.orig-extra.tar.xz: not a CPython source as python.org publishes it",
			)
			want := []Published{{By: "python.dsc", Size: 23, SHA256: digestA}}
			if d := cmp.Diff(want, l.Items[0].Published); d != "" {
				t.Errorf("published (-want +got):\n%s", d)
			}
			if l.Items[0].Name.Upstream != "Python-3.13.5.tar.xz" || l.Items[0].Size != int64(len("content of "+orig)) {
				t.Errorf("item %+v", l.Items[0])
			}
		})
	}
}

// What a .dsc lists and does not lie there is no file that is missing upstream.
func TestDscAbsent(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, "python.dsc", dscText(line(digestA, 23, orig), line(digestB, 833, orig+".asc"), line(digestB, 1, "x.debian.tar.xz")))
	const problem = "not there: put the file beside the others"
	l := open(t, filepath.Join(dir, "python.dsc"))
	diff(t, l,
		orig+" is 3.13.5 source ("+problem+") +asc="+orig+".asc ("+problem+")",
		"? x.debian.tar.xz: not an upstream artifact",
		"! "+orig+": "+problem,
		"! "+orig+".asc: "+problem)
	if it := l.Items[0]; it.Size != -1 || it.SHA256 != "" || len(it.Published) != 1 {
		t.Errorf("item %+v", it)
	}
}

// Two digests for one file are both compared: one of them cannot be right.
func TestDscTwoDigests(t *testing.T) {
	dir := write(t, orig)
	put(t, dir, "python.dsc", dscText(line(digestA, 23, orig), line(digestB, 24, orig)))
	l := open(t, filepath.Join(dir, "python.dsc"))
	diff(t, l, orig+" is 3.13.5 source")
	want := []Published{{By: "python.dsc", Size: 23, SHA256: digestA}, {By: "python.dsc", Size: 24, SHA256: digestB}}
	if d := cmp.Diff(want, l.Items[0].Published); d != "" {
		t.Errorf("published (-want +got):\n%s", d)
	}
}

func TestDscPathEscapes(t *testing.T) {
	top := write(t, "secret", "sub/"+orig)
	evil := []string{"../secret", "/etc/passwd", "sub/" + orig, "../sub/" + orig, `..\` + orig, ".", "..", "./" + orig}
	files := []string{line(digestA, 23, orig)}
	for _, name := range evil {
		files = append(files, line(digestB, 1, name))
	}
	put(t, top, "sub/python.dsc", dscText(files...))
	l := open(t, filepath.Join(top, "sub", "python.dsc"))
	if len(l.Items) != 1 || len(l.Unrecognised) != 0 || len(l.Troubles) != len(evil) {
		t.Fatalf("listing %v", lines(t, l))
	}
	for _, tr := range l.Troubles {
		if tr.Location != "python.dsc" || !strings.Contains(tr.Message, "is not a plain file name: do not use this package") {
			t.Errorf("trouble %+v", tr)
		}
	}
}

func TestDscRefuses(t *testing.T) {
	good := dscText(line(digestA, 23, orig))
	clear := signed(t, good)
	for name, tt := range map[string]struct{ content, want string }{
		"empty":             {"", "it has no Checksums-Sha256 field"},
		"HTML":              {"<!DOCTYPE html>\n<title>404</title>\n", "fields cannot be read"},
		"binary":            {"\x00\x01\xff\xfe\n", "fields cannot be read"},
		"no digests":        {"Source: python3.13\nVersion: 3.13.5-2\n", "it has no Checksums-Sha256 field"},
		"no list":           {"Checksums-Sha256:\n", "is not made of digest, size and name"},
		"two lists":         {good + "Checksums-Sha256:\n " + line(digestB, 23, orig) + "\n", "it has 2 Checksums-Sha256 fields"},
		"two paragraphs":    {good + "\n" + good, "it has more than one paragraph"},
		"a word too many":   {dscText(line(digestA, 23, orig) + " more"), "is not made of digest, size and name"},
		"no number":         {dscText(digestA + " many " + orig), "no size in bytes"},
		"a negative size":   {dscText(line(digestA, -1, orig)), "no size in bytes"},
		"a huge size":       {dscText(digestA + " 99999999999999999999 " + orig), "no size in bytes"},
		"a short digest":    {dscText(line(digestA[:62], 23, orig)), "no SHA-256 digest"},
		"no digest":         {dscText(line(strings.Repeat("x", 64), 23, orig)), "no SHA-256 digest"},
		"MD5 alone":         {good + "Files:\n " + line(digestA[:32], 1, "python3.12_3.12.0.orig.tar.xz") + "\n", "without a SHA-256 digest"},
		"bad MD5 list":      {good + "Files:\n x\n", "its Files field is not made of"},
		"truncated":         {clear[:len(clear)/2], "its clear-signed text is damaged"},
		"text before":       {"Source: other\n" + clear, "there is text outside its signature"},
		"text after":        {clear + "Source: other\n", "there is text outside its signature"},
		"two signed blocks": {clear + clear, "there is text outside its signature"},
	} {
		dir := write(t, orig)
		put(t, dir, "python.dsc", tt.content)
		l, err := Open(context.Background(), filepath.Join(dir, "python.dsc"))
		if err == nil {
			t.Errorf("%s: %v", name, lines(t, l))
		} else if msg := err.Error(); !strings.Contains(msg, tt.want) || !strings.Contains(msg, "python.dsc") ||
			!strings.Contains(msg, "fetch it again") || strings.ContainsAny(msg, "\n\r") {
			t.Errorf("%s: %v, want %q", name, err, tt.want)
		}
	}
}

func TestDscTooLarge(t *testing.T) {
	dir := write(t, orig)
	put(t, dir, "python.dsc", dscText(line(digestA, 23, orig))+strings.Repeat("X: y\n", maxDscSize/4))
	if _, err := Open(context.Background(), filepath.Join(dir, "python.dsc")); err == nil || !strings.Contains(err.Error(), "larger than 1048576 bytes") {
		t.Errorf("Open: %v", err)
	}
}

func TestDscOfAnotherPackage(t *testing.T) {
	dir := write(t, "hello_2.10.orig.tar.gz")
	put(t, dir, "hello.dsc", dscText(line(digestA, 23, "hello_2.10.orig.tar.gz")))
	arg := filepath.Join(dir, "hello.dsc")
	diff(t, open(t, arg),
		"? hello_2.10.orig.tar.gz: not a CPython source as python.org publishes it",
		"! "+arg+": no artifact of CPython in it: "+sources)
}

func FuzzParseDsc(f *testing.F) {
	good := dscText(line(digestA, 23, orig), line(digestB, 1, "../x"))
	f.Add([]byte(good))
	f.Add([]byte(good + "Files:\n " + line(digestA[:32], 1, orig) + "\n"))
	f.Add([]byte("Checksums-Sha256: " + line(digestA, 0, "x")))
	f.Add([]byte(clearSignedStart + "\nHash: SHA512\n\n" + good + "-----BEGIN PGP SIGNATURE-----\n\niHUEABYKAB0=\n=AAAA\n-----END PGP SIGNATURE-----\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		files, err := parseDsc(data)
		if err != nil {
			if strings.ContainsAny(err.Error(), "\n\r\x1b") {
				t.Errorf("unescaped error %q", err)
			}
			return
		}
		if len(files) == 0 {
			t.Error("no files and no error")
		}
		for _, file := range files {
			if !sha256Form.MatchString(file.sha256) || file.size < 0 || file.name == "" || !bytes.Contains(data, []byte(file.name)) {
				t.Errorf("%+v", file)
			}
			if plainName(file.name) && filepath.Base(file.name) != file.name {
				t.Errorf("%q is no plain name", file.name)
			}
		}
	})
}
