package audit

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"migrate/compare"
	"migrate/internal/release"
	"migrate/internal/sigstoretest"
	"migrate/internal/source"
	"migrate/keyrings"
	"migrate/pgp"
	"migrate/sigstore"
)

// counter is a file of zeros that counts how often it is opened, how many bytes
// are read, and whether it is closed.
type counter struct {
	size                int64
	opened, read, close atomic.Int64
}

func (c *counter) open(context.Context) (io.ReadCloser, error) {
	c.opened.Add(1)
	return struct {
		io.Reader
		io.Closer
	}{
		readerFunc(io.LimitReader(zeros{}, c.size), func(n int) { c.read.Add(int64(n)) }),
		closerFunc(func() error { c.close.Add(1); return nil }),
	}, nil
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

type closerFunc func() error

func (f closerFunc) Close() error { return f() }

type countingReader struct {
	r     io.Reader
	count func(int)
}

func readerFunc(r io.Reader, count func(int)) io.Reader { return countingReader{r, count} }

func (c countingReader) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.count(n)
	return n, err
}

func content(data []byte) source.Opener {
	return func(context.Context) (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(data)), nil }
}

func testAuditor(t *testing.T) *Auditor {
	t.Helper()
	roster, err := keyrings.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	root, err := sigstore.EmbeddedTrustRoot()
	if err != nil {
		t.Fatal(err)
	}
	verifier, err := sigstore.NewVerifier(root)
	if err != nil {
		t.Fatal(err)
	}
	return &Auditor{
		Keyring:  pgp.NewKeyring(),
		Sigstore: verifier,
		Expect:   roster.Expect,
		Time:     time.Date(2026, 7, 1, 0, 0, 0, 0, time.UTC),
		Jobs:     3,
	}
}

func item(t *testing.T, file string) source.Item {
	t.Helper()
	name, ok := release.ParseName(file)
	if !ok {
		t.Fatalf("%s is not understood", file)
	}
	return source.Item{Name: name, Location: name.Version.Dir() + "/" + file, Size: -1, Sidecars: map[release.Sidecar]source.File{}}
}

func TestArtifactIsReadOnce(t *testing.T) {
	// Both verifiers have something to check, so both need the digest.
	c := &counter{size: 3<<20 + 17}
	it := item(t, "Python-3.13.5.tgz")
	it.Open, it.Size = c.open, c.size
	it.Sidecars[release.Asc] = source.File{Location: "a", Open: content([]byte("-----BEGIN PGP SIGNATURE-----\n"))}
	it.Sidecars[release.Sigstore] = source.File{Location: "b", Open: content([]byte("{}"))}

	ev := slices.Collect(testAuditor(t).Run(t.Context(), []source.Item{it}))[0]
	if c.opened.Load() != 1 || c.read.Load() != c.size || c.close.Load() != 1 {
		t.Errorf("opened %d times, %d bytes read, closed %d times; want 1, %d, 1", c.opened.Load(), c.read.Load(), c.close.Load(), c.size)
	}
	if ev.Size != c.size {
		t.Errorf("size %d, want %d", ev.Size, c.size)
	}
	if ev.PGP.Status != pgp.Malformed || ev.Sigstore.Status != sigstore.Malformed {
		t.Errorf("got %v and %v, want both malformed", ev.PGP.Status, ev.Sigstore.Status)
	}
}

func TestOrderIsTheListings(t *testing.T) {
	var items []source.Item
	for i := range 50 {
		it := item(t, fmt.Sprintf("Python-3.13.%d.tgz", i))
		delay := time.Duration(50-i) * time.Millisecond / 10
		it.Open = func(context.Context) (io.ReadCloser, error) {
			time.Sleep(delay) // later items are ready first
			return io.NopCloser(bytes.NewReader([]byte(it.Name.File))), nil
		}
		items = append(items, it)
	}
	a := testAuditor(t)
	var last Progress
	a.Progress = func(p Progress) {
		if !p.Finished {
			return
		}
		if p.Done != last.Done+1 {
			t.Errorf("progress went from %d to %d", last.Done, p.Done)
		}
		last = p
	}
	i := 0
	for ev := range a.Run(t.Context(), items) {
		if ev.Location != items[i].Location {
			t.Fatalf("place %d: got %s, want %s", i, ev.Location, items[i].Location)
		}
		i++
	}
	if i != len(items) || last.Done != i || last.Total != i {
		t.Errorf("%d results, last progress %+v", i, last)
	}
}

func TestStoppingEarlyEndsTheWorkers(t *testing.T) {
	var opened atomic.Int64
	stopped := make(chan struct{})
	var items []source.Item
	for i := range 1000 {
		it := item(t, fmt.Sprintf("Python-3.13.%d.tgz", i))
		it.Open = func(context.Context) (io.ReadCloser, error) {
			opened.Add(1)
			if i > 0 {
				<-stopped // so that no worker runs ahead of the one who stops
			}
			return io.NopCloser(bytes.NewReader(nil)), nil
		}
		items = append(items, it)
	}
	a := testAuditor(t)
	for range a.Run(t.Context(), items) {
		// The workers go on when the loop has been left, and before Run has
		// waited for them.
		time.AfterFunc(10*time.Millisecond, func() { close(stopped) })
		break
	}
	// Each worker ends what it has, and may have been handed one more.
	if n := opened.Load(); n > int64(1+2*a.Jobs) {
		t.Errorf("%d artifacts were read although nobody wanted them", n)
	}
}

// TestTrouble asserts that one artifact that cannot be read is unchecked with
// its reason, and that the others are unharmed.
func TestTrouble(t *testing.T) {
	broken := errors.New("input/output error")
	cases := map[string]struct {
		damage func(*source.Item)
		want   string
	}{
		"vanished":        {func(it *source.Item) { it.Open = func(context.Context) (io.ReadCloser, error) { return nil, broken } }, "input/output error"},
		"unreadable half": {func(it *source.Item) { it.Open = failing(100, broken) }, "input/output error"},
		"shrunk":          {func(it *source.Item) { it.Size = 101 }, "changed while it was read: listed with 101 bytes, read 100; run again"},
		"grown":           {func(it *source.Item) { it.Size = 99 }, "changed while it was read: listed with 99 bytes, read 100; run again"},
		"no digest":       {func(it *source.Item) { it.Open = nil }, "the source gives neither bytes nor a SHA-256 digest"},
		"short digest":    {func(it *source.Item) { it.Open = nil; it.SHA256 = "abcd" }, "the source gives neither bytes nor a SHA-256 digest"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			bad, good := item(t, "Python-3.13.4.tgz"), item(t, "Python-3.13.5.tgz")
			bad.Open, good.Open = content(make([]byte, 100)), content(make([]byte, 100))
			c.damage(&bad)
			ev := slices.Collect(testAuditor(t).Run(t.Context(), []source.Item{bad, good}))
			if ev[0].Trouble != c.want {
				t.Errorf("trouble %q, want %q", ev[0].Trouble, c.want)
			}
			if ev[0].PGP.Status != pgp.Unchecked || ev[0].Sigstore.Status != sigstore.Unchecked ||
				ev[0].PGP.Reason != pgp.Unreadable || ev[0].Sigstore.Reason != sigstore.Unreadable {
				t.Errorf("got %+v and %+v, want both unchecked and unreadable", ev[0].PGP, ev[0].Sigstore)
			}
			if ev[0].SHA256 != "" {
				t.Errorf("a digest of half a file: %s", ev[0].SHA256)
			}
			if ev[1].Trouble != "" || ev[1].SHA256 == "" || ev[1].PGP.Status != pgp.Missing {
				t.Errorf("the other artifact was harmed: %+v", ev[1])
			}
		})
	}
}

func failing(after int64, err error) source.Opener {
	return func(context.Context) (io.ReadCloser, error) {
		return io.NopCloser(io.MultiReader(io.LimitReader(zeros{}, after), errorReader{err})), nil
	}
}

type errorReader struct{ err error }

func (e errorReader) Read([]byte) (int, error) { return 0, e.err }

func TestUnreadableSidecar(t *testing.T) {
	it := item(t, "Python-3.13.5.tgz")
	it.Open = content([]byte("x"))
	gone := errors.New("stale file handle")
	for _, kind := range []release.Sidecar{release.Asc, release.Sigstore} {
		it.Sidecars[kind] = source.File{Location: "s", Open: func(context.Context) (io.ReadCloser, error) { return nil, gone }}
	}
	ev := slices.Collect(testAuditor(t).Run(t.Context(), []source.Item{it}))[0]
	if ev.PGP.Status != pgp.Unchecked || ev.PGP.Reason != pgp.Unreadable || ev.PGP.Detail != "stale file handle" {
		t.Errorf("PGP: %+v", ev.PGP)
	}
	if ev.Sigstore.Status != sigstore.Unchecked || ev.Sigstore.Reason != sigstore.Unreadable || ev.Sigstore.Detail != "stale file handle" {
		t.Errorf("Sigstore: %+v", ev.Sigstore)
	}
}

func TestHugeSidecarsAreNotHeld(t *testing.T) {
	it := item(t, "Python-3.13.5.tgz")
	it.Open = content([]byte("x"))
	asc, bundle := &counter{size: 1 << 30}, &counter{size: 1 << 30}
	it.Sidecars[release.Asc] = source.File{Location: "s", Open: asc.open}
	it.Sidecars[release.Sigstore] = source.File{Location: "s", Open: bundle.open}
	ev := slices.Collect(testAuditor(t).Run(t.Context(), []source.Item{it}))[0]
	if ev.PGP.Status != pgp.Malformed || ev.PGP.Reason != pgp.TooLarge {
		t.Errorf("PGP: %+v", ev.PGP)
	}
	if ev.Sigstore.Status != sigstore.Malformed || ev.Sigstore.Reason != sigstore.TooLarge {
		t.Errorf("Sigstore: %+v", ev.Sigstore)
	}
	if n := asc.read.Load(); n > pgp.MaxSignatureSize+1 {
		t.Errorf("%d bytes of the signature were read", n)
	}
	if n := bundle.read.Load(); n > sigstore.MaxBundleSize+1 {
		t.Errorf("%d bytes of the bundle were read", n)
	}
	if ev.PGPFile.SHA256 != "" || ev.Bundle.SHA256 != "" {
		t.Error("a digest of a part of a sidecar is not its digest")
	}
}

func TestCancelledRunSaysSo(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	early, it, late := item(t, "Python-3.13.3.tgz"), item(t, "Python-3.13.4.tgz"), item(t, "Python-3.13.5.tgz")
	early.Open = content([]byte("x"))
	it.Open = func(context.Context) (io.ReadCloser, error) {
		return io.NopCloser(readerFunc(zeros{}, func(int) { cancel(errors.New("interrupted")) })), nil
	}
	late.Open = content([]byte("x"))
	a := testAuditor(t)
	a.Jobs = 1
	var got []compare.Evidence
	for ev := range a.Run(ctx, []source.Item{early, it, late}) {
		got = append(got, ev)
	}
	if len(got) != 1 || got[0].Location != early.Location || got[0].SHA256 == "" {
		t.Errorf("got %+v, want only what was read before the end", got)
	}
}

func TestWithoutBytes(t *testing.T) {
	it := item(t, "Python-3.13.5.tgz")
	it.SHA256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
	it.Unseen = []release.Sidecar{release.Asc}
	ev := slices.Collect(testAuditor(t).Run(t.Context(), []source.Item{it}))[0]
	if ev.PGP.Status != pgp.Unchecked || ev.PGP.Reason != pgp.NoBytes || !ev.PGPUnseen {
		t.Errorf("PGP: %+v", ev.PGP)
	}
	if ev.Sigstore.Status != sigstore.Missing || ev.Size != -1 || ev.SHA256 != it.SHA256 {
		t.Errorf("got %+v", ev)
	}
	it.Unseen = append(it.Unseen, release.Sigstore)
	ev = slices.Collect(testAuditor(t).Run(t.Context(), []source.Item{it}))[0]
	if ev.Sigstore.Status != sigstore.Unchecked || ev.Sigstore.Reason != sigstore.Unseen {
		t.Errorf("a bundle that cannot be seen is not missing: %+v", ev.Sigstore)
	}
}

func TestLegacyPair(t *testing.T) {
	when := time.Date(2022, 10, 11, 12, 0, 0, 0, time.UTC)
	lab, err := sigstoretest.New("pairs", when.AddDate(-1, 0, 0))
	if err != nil {
		t.Fatal(err)
	}
	rootJSON, err := lab.TrustRoot()
	if err != nil {
		t.Fatal(err)
	}
	root, err := sigstore.ParseTrustRoot("test", rootJSON)
	if err != nil {
		t.Fatal(err)
	}
	online := testAuditor(t)
	if online.Sigstore, err = sigstore.NewVerifier(root); err != nil {
		t.Fatal(err)
	}
	rekor := lab.Rekor()
	online.Log = root.Log(rekor.Post)

	data := []byte("an installer")
	file := item(t, "python-3.10.8-amd64.exe")
	who := online.Expect(file.Name).Identities[0]
	signing := sigstoretest.Signing{
		Digest: sha256.Sum256(data), SAN: who.SAN, Issuer: who.Issuer, Time: when, Algorithm: sigstoretest.P384SHA256,
	}
	sig, crt, err := rekor.Pair(signing)
	if err != nil {
		t.Fatal(err)
	}
	bundle, err := lab.Sign(signing)
	if err != nil {
		t.Fatal(err)
	}
	unloggedSig, unloggedCrt, err := lab.Pair(signing)
	if err != nil {
		t.Fatal(err)
	}
	broken := func(context.Context) (io.ReadCloser, error) { return nil, errors.New("input/output error") }
	huge := &counter{size: 1 << 30}

	offline, silent, pgpOnly := *online, *online, *online
	offline.Log = nil
	silent.Log = root.Log(func(context.Context, string, string, []byte, int64) ([]byte, error) {
		return nil, errors.New("no route to host")
	})
	pgpOnly.Only = PGP
	for _, tt := range []struct {
		name        string
		auditor     *Auditor
		sig, crt    source.Opener
		bundle      source.Opener
		data        []byte
		status      sigstore.Status
		reason      sigstore.Reason
		pair, judge bool
	}{
		{"online", online, content(sig), content(crt), nil, data, sigstore.GoodFromLog, "", true, true},
		{"offline", &offline, content(sig), content(crt), nil, data, sigstore.Incompatible, sigstore.NoLogProof, true, true},
		{"log silent", &silent, content(sig), content(crt), nil, data, sigstore.Unchecked, sigstore.LookupFailed, true, true},
		{"not logged", online, content(unloggedSig), content(unloggedCrt), nil, data, sigstore.Incompatible, sigstore.NotInLog, true, true},
		{"other bytes", online, content(sig), content(crt), nil, []byte("another"), sigstore.Bad, sigstore.BadSignature, true, true},
		{"other bytes, offline", &offline, content(sig), content(crt), nil, []byte("another"), sigstore.Bad, sigstore.BadSignature, true, true},
		{"half a pair", online, content(sig), nil, nil, data, sigstore.Missing, "", false, false},
		{"the bundle decides", online, content(sig), content(crt), content(bundle), data, sigstore.Good, "", true, false},
		{"... even a bad one", online, content(sig), content(crt), content([]byte("{}")), data, sigstore.Malformed, sigstore.NotABundle, true, false},
		{"... or one that cannot be read", online, content(sig), content(crt), broken, data, sigstore.Unchecked, sigstore.Unreadable, true, false},
		{"the bundle, and half a broken pair", online, content(sig), broken, content(bundle), data, sigstore.Good, "", true, false},
		{".sig unreadable", online, broken, content(crt), nil, data, sigstore.Unchecked, sigstore.Unreadable, true, true},
		{".crt unreadable", online, content(sig), broken, nil, data, sigstore.Unchecked, sigstore.Unreadable, true, true},
		{".crt huge", online, content(sig), huge.open, nil, data, sigstore.Malformed, sigstore.TooLarge, true, true},
		{"nobody asked", &pgpOnly, content(sig), content(crt), nil, data, sigstore.Unchecked, sigstore.NotAsked, true, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			it := file
			it.Open = content(tt.data)
			it.Sidecars = map[release.Sidecar]source.File{}
			for kind, open := range map[release.Sidecar]source.Opener{release.Sig: tt.sig, release.Crt: tt.crt, release.Sigstore: tt.bundle} {
				if open != nil {
					it.Sidecars[kind] = source.File{Location: string(kind), Open: open}
				}
			}
			ev := slices.Collect(tt.auditor.Run(t.Context(), []source.Item{it}))[0]
			if ev.Sigstore.Status != tt.status || ev.Sigstore.Reason != tt.reason || ev.LegacyPair != tt.pair {
				t.Errorf("%s (%s): %s, pair %t; want %s (%s), %t", ev.Sigstore.Status, ev.Sigstore.Reason, ev.Sigstore.Detail, ev.LegacyPair, tt.status, tt.reason, tt.pair)
			}
			if got := ev.Sig.Location + " " + ev.Crt.Location; tt.judge != (got == "sig crt") || !tt.judge && got != " " {
				t.Errorf("judged by %q", got)
			}
		})
	}
	if n := huge.read.Load(); n > sigstore.MaxPairSize+1 {
		t.Errorf("%d bytes of the .crt were read", n)
	}
}
