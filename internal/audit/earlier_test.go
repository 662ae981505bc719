package audit

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"migrate/compare"
	"migrate/internal/release"
	"migrate/internal/source"
	"migrate/pgp"
	"migrate/sigstore"
)

// served is a file with validators.
type served struct {
	io.Reader
	v source.Validators
}

func (s served) Close() error                  { return nil }
func (s served) Validators() source.Validators { return s.v }

func TestCarriedOver(t *testing.T) {
	asc, bundle := []byte("an .asc"), []byte("{}")
	was := source.Validators{Size: 1, ETag: `"1"`, LastModified: "Wed, 11 Jun 2025 15:36:00 GMT"}
	base := func() (source.Item, source.Validators) {
		it := item(t, "Python-3.13.5.tgz")
		it.Sidecars[release.Asc] = source.File{Location: "a", Open: content(asc)}
		it.Sidecars[release.Sigstore] = source.File{Location: "b", Open: content(bundle)}
		it.Open = func(context.Context) (io.ReadCloser, error) { return served{bytes.NewReader([]byte("x")), was}, nil }
		return it, was
	}
	it, _ := base()
	a := testAuditor(t)
	first := slices.Collect(a.Run(t.Context(), []source.Item{it}))[0]
	if first.ETag != was.ETag || first.LastModified != was.LastModified {
		t.Fatalf("the validators of what was read are not kept: %+v", first)
	}
	first.PGP, first.Sigstore = pgp.Result{Status: pgp.Good}, sigstore.Result{Status: sigstore.Good} // as no reading could come to
	first.Verified = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

	tests := map[string]struct {
		change  func(it *source.Item, is *source.Validators)
		carried bool
	}{
		"unchanged":    {func(*source.Item, *source.Validators) {}, true},
		"other size":   {func(_ *source.Item, is *source.Validators) { is.Size++ }, false},
		"size unknown": {func(_ *source.Item, is *source.Validators) { is.Size = -1 }, false},
		"other ETag":   {func(_ *source.Item, is *source.Validators) { is.ETag = `"2"` }, false},
		"ETag gone":    {func(_ *source.Item, is *source.Validators) { is.ETag = "" }, false},
		"other time":   {func(_ *source.Item, is *source.Validators) { is.LastModified = "" }, false},
		".asc changed": {func(it *source.Item, _ *source.Validators) {
			it.Sidecars[release.Asc] = source.File{Open: content(bundle)}
		}, false},
		".asc gone":           {func(it *source.Item, _ *source.Validators) { delete(it.Sidecars, release.Asc) }, false},
		".asc absent":         {func(it *source.Item, _ *source.Validators) { it.Sidecars[release.Asc] = failed(source.ErrAbsent) }, false},
		".asc cannot be read": {func(it *source.Item, _ *source.Validators) { it.Sidecars[release.Asc] = failed(errors.New("503")) }, false},
		"bundle changed": {func(it *source.Item, _ *source.Validators) {
			it.Sidecars[release.Sigstore] = source.File{Open: content(asc)}
		}, false},
		"a pair came":              {func(it *source.Item, _ *source.Validators) { addPair(it) }, false},
		"validators not to be had": {func(it *source.Item, _ *source.Validators) { it.Validators = nil }, false},
		"server does not answer": {func(it *source.Item, _ *source.Validators) {
			it.Validators = func(context.Context) (source.Validators, error) { return source.Validators{}, errors.New("503") }
		}, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			it, is := base()
			it.Validators = func(context.Context) (source.Validators, error) { return is, nil }
			read := false
			open := it.Open
			it.Open = func(ctx context.Context) (io.ReadCloser, error) { read = true; return open(ctx) }
			test.change(&it, &is)
			a := testAuditor(t)
			a.Earlier = func(source.Item) (compare.Evidence, bool) { return first, true }
			ev := slices.Collect(a.Run(t.Context(), []source.Item{it}))[0]
			if read == test.carried || ev.Verified.IsZero() == test.carried || (ev.PGP.Status == pgp.Good) != test.carried {
				t.Errorf("read %v, verified %v, PGP %v", read, ev.Verified, ev.PGP.Status)
			}
			if test.carried && (ev.SHA256 != first.SHA256 || ev.Size != 1 || ev.ETag != was.ETag) {
				t.Errorf("got %+v", ev)
			}
		})
	}
}

func addPair(it *source.Item) {
	it.Sidecars[release.Sig] = source.File{Open: content([]byte("x"))}
	it.Sidecars[release.Crt] = source.File{Open: content([]byte("x"))}
}

func failed(err error) source.File {
	return source.File{Location: "s", Open: func(context.Context) (io.ReadCloser, error) { return nil, err }}
}

// A sidecar that is too large has no digest, and is not taken for an absent one.
func TestTooLargeSidecarIsNotCarriedOver(t *testing.T) {
	it := item(t, "Python-3.13.5.tgz")
	it.Open = content([]byte("x"))
	it.Sidecars[release.Asc] = source.File{Location: "s", Open: content(make([]byte, pgp.MaxSignatureSize+1))}
	is := source.Validators{Size: 1, ETag: `"1"`}
	it.Validators = func(context.Context) (source.Validators, error) { return is, nil }
	a := testAuditor(t)
	a.Earlier = func(source.Item) (compare.Evidence, bool) {
		return compare.Evidence{Size: 1, ETag: `"1"`, PGP: pgp.Result{Status: pgp.Missing}, Verified: time.Unix(1, 0)}, true
	}
	ev := slices.Collect(a.Run(t.Context(), []source.Item{it}))[0]
	if ev.PGP.Status != pgp.Malformed || !ev.Verified.IsZero() {
		t.Errorf("got %+v", ev.PGP)
	}
}

// A sidecar that is only known to exist once it is asked for is missing if it
// does not, and unreadable if nobody can tell.
func TestAbsentSidecarIsMissing(t *testing.T) {
	it := item(t, "Python-3.13.5.tgz")
	it.Open = content([]byte("x"))
	it.Sidecars[release.Asc] = failed(fmt.Errorf("https://www.python.org/x.asc %w", source.ErrAbsent))
	it.Sidecars[release.Sigstore] = failed(errors.New("the server answered 403 Forbidden"))
	ev := slices.Collect(testAuditor(t).Run(t.Context(), []source.Item{it}))[0]
	if ev.PGP.Status != pgp.Missing || ev.PGPFile.Location != "" {
		t.Errorf("PGP: %+v", ev.PGP)
	}
	if ev.Sigstore.Status != sigstore.Unchecked || ev.Sigstore.Reason != sigstore.Unreadable {
		t.Errorf("Sigstore: %+v", ev.Sigstore)
	}
}

// A file that changes while it is read is read again from its start, and not
// for ever.
func TestChangedFileIsReadAgain(t *testing.T) {
	for changes := range maxRestarts + 2 {
		it := item(t, "Python-3.13.5.tgz")
		opened := 0
		it.Open = func(context.Context) (io.ReadCloser, error) {
			opened++
			if opened <= changes {
				return io.NopCloser(io.MultiReader(bytes.NewReader([]byte("old")), errorReader{fmt.Errorf("url: %w", source.ErrChanged)})), nil
			}
			return io.NopCloser(bytes.NewReader([]byte("new"))), nil
		}
		ev := slices.Collect(testAuditor(t).Run(t.Context(), []source.Item{it}))[0]
		if changes > maxRestarts {
			if ev.Trouble != "url: changed while it was read" || ev.SHA256 != "" || opened != maxRestarts+1 {
				t.Errorf("opened %d times: %+v", opened, ev)
			}
			continue
		}
		if ofNew := "11507a0e2f5e69d5dfa40a62a1bd7b6ee57e6bcd85c67c9b8431b36fff21c437"; ev.SHA256 != ofNew || ev.Size != 3 || opened != changes+1 {
			t.Errorf("after %d changes, opened %d times: %+v", changes, opened, ev)
		}
	}
}

// A file of other bytes than those signed, and of another size than listed, is
// read once more: what was announced may have been wrong. One of the size listed
// is not, nor one that is good.
func TestOtherBytesAndSizeAreReadAgain(t *testing.T) {
	signed, err := os.ReadFile(filepath.FromSlash("../../testdata/demo/mirror/3.12.4/Python-3.12.4.tgz"))
	if err != nil {
		t.Fatal(err)
	}
	folder, err := source.Open(t.Context(), filepath.FromSlash("../../testdata/demo/mirror/3.12.4"))
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(folder.Items, func(it source.Item) bool { return it.Name.File == "Python-3.12.4.tgz" })
	size := int64(len(signed))
	for name, tt := range map[string]struct {
		listed int64
		reads  [][]byte
		want   string
	}{
		"once less":           {size, [][]byte{signed[:9], signed}, "equivalent"},
		"always less":         {size, [][]byte{signed[:9], signed[:9]}, "unchecked"},
		"of the size listed":  {9, [][]byte{signed[:9]}, "failed"},
		"of a size not known": {-1, [][]byte{signed[:9]}, "failed"},
		"good, badly listed":  {9, [][]byte{signed}, "equivalent"},
	} {
		it := folder.Items[i]
		opened := 0
		it.Size = tt.listed
		it.Open = func(context.Context) (io.ReadCloser, error) {
			data := tt.reads[min(opened, len(tt.reads)-1)]
			opened++
			return served{bytes.NewReader(data), source.Validators{Size: int64(len(data))}}, nil
		}
		line := answers(t, []source.Item{it})[0]
		if !strings.HasPrefix(line, "Python-3.12.4.tgz "+tt.want+" ") || opened != len(tt.reads) {
			t.Errorf("%s: opened %d times: %s", name, opened, line)
		}
	}
}

func TestMD5OnlyWhereItIsAllThatIsPublished(t *testing.T) {
	for name, test := range map[string]struct {
		published []source.Published
		want      string
	}{
		"nothing":       {nil, ""},
		"SHA-256":       {[]source.Published{{SHA256: "aa", MD5: "bb"}}, ""},
		"MD5":           {[]source.Published{{SHA256: "aa"}, {MD5: "bb"}}, "9dd4e461268c8034f5c8564e155c67a6"},
		"size and link": {[]source.Published{{Size: 1}}, ""},
	} {
		it := item(t, "Python-3.13.5.tgz")
		it.Open, it.Published = content([]byte("x")), test.published
		if ev := slices.Collect(testAuditor(t).Run(t.Context(), []source.Item{it}))[0]; ev.MD5 != test.want {
			t.Errorf("%s: MD5 %q, want %q", name, ev.MD5, test.want)
		}
	}
}
