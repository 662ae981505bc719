package keyrings

import (
	"bytes"
	"context"
	"crypto"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp/armor"
	"github.com/ProtonMail/go-crypto/openpgp/packet"
	openpgp "github.com/ProtonMail/go-crypto/openpgp/v2"
	"github.com/google/go-cmp/cmp"

	"migrate/pgp"
)

func june(year int) time.Time { return time.Date(year, 6, 1, 12, 0, 0, 0, time.UTC) }

// owner is somebody with a key of 2018, of which there are several copies.
type owner struct {
	t   testing.TB
	key *packet.PrivateKey
}

func newOwner(t testing.TB) owner {
	t.Helper()
	e, err := openpgp.NewEntity("unused", "", "", &packet.Config{Algorithm: packet.PubKeyAlgoEdDSA, Time: func() time.Time { return june(2018) }})
	if err != nil {
		t.Fatal(err)
	}
	return owner{t, e.PrivateKey}
}

func (o owner) fingerprint() pgp.Fingerprint {
	return pgp.Fingerprint(fmt.Sprintf("%X", o.key.Fingerprint))
}

// signature begins a signature by the key.
func (o owner) signature(kind packet.SignatureType, year int) *packet.Signature {
	return &packet.Signature{
		Version: o.key.Version, SigType: kind, PubKeyAlgo: o.key.PubKeyAlgo, Hash: crypto.SHA512, CreationTime: june(year),
		IssuerKeyId: &o.key.KeyId, FlagsValid: true, FlagCertify: true, FlagSign: true,
	}
}

// copy is a copy of the key with a user ID and a self-signature of that year;
// of year 0, without any.
func (o owner) copy(year int) []byte {
	o.t.Helper()
	var b bytes.Buffer
	if err := o.key.PublicKey.Serialize(&b); err != nil {
		o.t.Fatal(err)
	}
	if year != 0 {
		s := o.signature(packet.SigTypePositiveCert, year)
		if err := errors.Join((&packet.UserId{Id: "Somebody"}).Serialize(&b), s.SignUserId("Somebody", &o.key.PublicKey, o.key, nil), s.Serialize(&b)); err != nil {
			o.t.Fatal(err)
		}
	}
	return b.Bytes()
}

// revocation is a revocation of the key.
func (o owner) revocation(year int) []byte {
	o.t.Helper()
	s := o.signature(packet.SigTypeKeyRevocation, year)
	s.FlagsValid = false
	var b bytes.Buffer
	if err := errors.Join(s.RevokeKey(&o.key.PublicKey, o.key, nil), s.Serialize(&b)); err != nil {
		o.t.Fatal(err)
	}
	return b.Bytes()
}

// junk is a revocation that says of no key that it is its own, and that nobody
// can read.
var junk = []byte{0xC2, 4, 4, 0x20, 99, 8}

// junkBy is a revocation over MD5 in the name of the owner's key.
func junkBy(o owner) []byte {
	body := []byte{4, 0x20, 22, 1, 0, 0, 0, 10, 9, 16} // nothing hashed; the issuer's key ID
	body = binary.BigEndian.AppendUint64(body, o.key.KeyId)
	body = append(body, 0xAA, 0xBB, 0, 8, 0xFF, 0, 8, 0xFF)
	return append([]byte{0xC2, byte(len(body))}, body...)
}

const message = "Python-9.9.9.tar.xz"

// sign is a detached signature over the message.
func (o owner) sign(year int) []byte {
	o.t.Helper()
	s := o.signature(packet.SigTypeBinary, year)
	s.FlagsValid = false
	h, err := s.PrepareSign(nil)
	if err != nil {
		o.t.Fatal(err)
	}
	h.Write([]byte(message))
	var b bytes.Buffer
	if err := errors.Join(s.Sign(h, o.key, nil), s.Serialize(&b)); err != nil {
		o.t.Fatal(err)
	}
	return b.Bytes()
}

func block(t testing.TB, packets ...[]byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := armor.Encode(&b, "PGP PUBLIC KEY BLOCK", nil)
	if err != nil {
		t.Fatal(err)
	}
	w.Write(bytes.Join(packets, nil))
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	b.WriteByte('\n')
	return b.Bytes()
}

// network answers for some URLs, []byte or error, and has nothing elsewhere.
type network struct {
	answers map[string]any
	asked   []string
}

func (n *network) get(_ context.Context, url string, limit int64) ([]byte, error) {
	n.asked = append(n.asked, url)
	for part, answer := range n.answers {
		if !strings.Contains(url, part) {
			continue
		}
		if err, ok := answer.(error); ok {
			return nil, err
		}
		data := answer.([]byte)
		if int64(len(data)) > limit {
			return nil, fmt.Errorf("the answer has more than %d bytes", limit)
		}
		return data, nil
	}
	return nil, fmt.Errorf("%s: %w", url, fs.ErrNotExist)
}

// refusedConnection is what net/http returns where nobody listens.
type refusedConnection struct{}

func (refusedConnection) Error() string   { return "dial tcp 192.0.2.1:443:\n connection refused" }
func (refusedConnection) Timeout() bool   { return false }
func (refusedConnection) Temporary() bool { return true }

// pinning is the small roster with other fingerprints, and a GitHub name for ann.
func pinning(t testing.TB, ann, bob pgp.Fingerprint) *Roster {
	t.Helper()
	r, err := parseSmall(t, "531F072D39700991925FED0C0EDDC5F26A45C816", string(ann),
		"DBBF2EEBF925FAADCF1F3FFFD9866941EA5BBD71", string(bob), "ann: Ann Example", "ann: {name: Ann Example, github: ann-e}")
	if err != nil {
		t.Fatal(err)
	}
	return r
}

const (
	vks    = "keys.openpgp.org"
	hkp    = "keyserver.ubuntu.com"
	hub    = "github.com"
	python = "www.python.org"
)

// TestPlaces pins the URLs: nothing here can try them.
func TestPlaces(t *testing.T) {
	n := &network{}
	ann, bob := newOwner(t).fingerprint(), newOwner(t).fingerprint()
	r := pinning(t, ann, bob)
	for range r.Fetch(t.Context(), n.get, pgp.NewKeyring(), []pgp.Fingerprint{bob, ann}) {
	}
	want := []string{
		"https://keys.openpgp.org/vks/v1/by-fingerprint/" + string(ann),
		"https://keyserver.ubuntu.com/pks/lookup?op=get&options=mr&search=0x" + string(ann),
		"https://github.com/ann-e.gpg",
		"https://www.python.org/static/files/pubkeys.txt", // once for all
		"https://keys.openpgp.org/vks/v1/by-fingerprint/" + string(bob),
		"https://keyserver.ubuntu.com/pks/lookup?op=get&options=mr&search=0x" + string(bob),
	}
	if diff := cmp.Diff(want, n.asked); diff != "" {
		t.Errorf("asked (-want +got)\n%s", diff)
	}
	if diff := cmp.Diff([]string{vks, hkp, hub, python}, Places()); diff != "" {
		t.Error(diff)
	}
}

// TestFetch holds one answer of each place to what is made of it.
func TestFetch(t *testing.T) {
	ann, bob, stranger := newOwner(t), newOwner(t), newOwner(t)
	// A key with the same 64-bit key ID, hence the same 32-bit one, as the one
	// that is pinned: the other way round it would take years to make.
	impostor := newOwner(t)
	f := impostor.fingerprint()
	pinnedLike := pgp.Fingerprint(strings.Repeat("0", 24)) + f[24:]

	full, spoiled := block(t, ann.copy(2018)), slices.Concat(ann.copy(2018), junk)
	const doubted = " doubted its only news is a revocation that cannot be read (unexpected EOF); to take it all the same, save it and name it with --keyring"
	tests := []struct {
		name    string
		answers map[string]any
		ann     pgp.Fingerprint // pinned; ann's own unless set
		held    [][]byte
		want    []string // place, outcome, a part of the reason; of each place that does not say not-found
		usable  string   // of the found ones, in order: y or n
	}{
		{name: "everywhere the same", answers: map[string]any{vks: full, hkp: ann.copy(2018), hub: full, python: full},
			want: []string{vks + " found ", hkp + " found ", hub + " found ", python + " found "}, usable: "yyyy"},
		{name: "nowhere"},
		{name: "impostor", ann: pinnedLike, answers: map[string]any{vks: block(t, impostor.copy(2018)), hub: block(t, impostor.copy(2018)), python: block(t, impostor.copy(2018))},
			want: []string{vks + " refused it answered with another key, whose fingerprint is not this one's"}},
		{name: "several impostors", ann: pinnedLike, answers: map[string]any{hkp: slices.Concat(block(t, impostor.copy(2018)), block(t, stranger.copy(2018)))},
			want: []string{hkp + " refused it answered with 2 other keys, none with this fingerprint"}},
		{name: "impostor and the real one", answers: map[string]any{hkp: block(t, impostor.copy(2018), ann.copy(2018))},
			want: []string{hkp + " found "}, usable: "y"},
		{name: "another pinned person's key", answers: map[string]any{vks: block(t, bob.copy(2018)), hub: block(t, bob.copy(2018))},
			want: []string{vks + " refused it answered with another key"}},
		{name: "HTML with status 200", answers: map[string]any{vks: []byte("<!DOCTYPE html><title>Error</title>"), python: []byte(" <html>")},
			want: []string{vks + " refused this is an HTML or XML page", python + " refused this is an HTML"}},
		{name: "text", answers: map[string]any{hkp: []byte("No results found")}, want: []string{hkp + " refused there is no PGP public key block in it"}},
		{name: "empty", answers: map[string]any{vks: []byte{}, hub: []byte("\n")}, want: []string{vks + " refused the file is empty", hub + " refused the file is empty"}},
		{name: "nobody's keys at GitHub", answers: map[string]any{hub: block(t)}},
		{name: "truncated armor", answers: map[string]any{vks: full[:len(full)/2]}, want: []string{vks + " refused the armor has no"}},
		{name: "truncated packets", answers: map[string]any{hkp: ann.copy(2018)[:100], hub: block(t, bob.copy(2018), ann.copy(2018)[:100])},
			want: []string{hkp + " refused the last key of the file: the last packet is cut short", hub + " refused the last key of the file"}},
		{name: "huge", answers: map[string]any{vks: make([]byte, maxKeyFileSize+1), hkp: full},
			want: []string{vks + " failed the answer has more than", hkp + " found "}, usable: "y"},
		{name: "an error", answers: map[string]any{vks: errors.New("the server answered 500"), hkp: full},
			want: []string{vks + " failed the server answered 500", hkp + " found "}, usable: "y"},
		{name: "its private key", answers: map[string]any{hub: private(t, ann)}, want: nil},
		{name: "without user ID, then with", answers: map[string]any{vks: block(t, ann.copy(0)), hkp: full},
			want: []string{vks + " found ", hkp + " found "}, usable: "yy"},
		{name: "with user ID, then without", answers: map[string]any{vks: full, hkp: ann.copy(0)},
			want: []string{vks + " found ", hkp + " found "}, usable: "yy"},
		{name: "without user ID beside one at hand", held: [][]byte{full}, answers: map[string]any{vks: ann.copy(0)},
			want: []string{vks + " found "}, usable: "y"},
		{name: "revoked", answers: map[string]any{vks: slices.Concat(ann.copy(0), ann.revocation(2020)), hkp: full},
			want: []string{vks + " found ", hkp + " found "}, usable: "yy"},
		{name: "without user ID alone", answers: map[string]any{vks: ann.copy(0)},
			want: []string{vks + " found it has no user ID"}, usable: "n"},
		{name: "revoked beside one at hand", held: [][]byte{full}, answers: map[string]any{vks: slices.Concat(ann.copy(0), ann.revocation(2020))},
			want: []string{vks + " found "}, usable: "y"},

		// What nobody can read.
		{name: "unreadable, the only copy", answers: map[string]any{vks: spoiled},
			want: []string{vks + " found taken as the only copy, though a revocation cannot be read (unexpected EOF)"}, usable: "y"},
		{name: "unreadable beside one at hand", held: [][]byte{full}, answers: map[string]any{hkp: spoiled},
			want: []string{hkp + doubted}},
		{name: "unreadable, then a clean one", answers: map[string]any{vks: spoiled, hub: full},
			want: []string{vks + doubted, hub + " found "}, usable: "y"},
		{name: "unreadable without user ID, then a clean one", answers: map[string]any{vks: slices.Concat(ann.copy(0), junk), hub: full},
			want: []string{vks + doubted, hub + " found "}, usable: "y"},
		{name: "unreadable in two ways", answers: map[string]any{vks: spoiled, hkp: slices.Concat(ann.copy(2018), []byte{0xC2, 4, 4, 0x20, 99, 9})},
			want: []string{vks + " found taken as the only copy", hkp + doubted}, usable: "y"},
		{name: "unreadable at hand", held: [][]byte{spoiled}, answers: map[string]any{vks: spoiled, hkp: full},
			want: []string{vks + " found a revocation the library cannot read", hkp + " found "}, usable: "yy"},
		{name: "unreadable, and a revocation that can be read", held: [][]byte{full}, answers: map[string]any{vks: slices.Concat(ann.copy(2018), ann.revocation(2020), junk)},
			want: []string{vks + " found taken for its other news, though a revocation cannot be read (unexpected EOF)"}, usable: "y"},
		{name: "unreadable, and a revocation that is nobody's", held: [][]byte{full}, answers: map[string]any{vks: slices.Concat(ann.copy(2018), bob.revocation(2020), junk)},
			want: []string{vks + doubted}},
		{name: "unreadable in the name of another key at hand", held: [][]byte{bob.copy(2018)}, answers: map[string]any{vks: slices.Concat(ann.copy(2018), junkBy(bob))},
			want: []string{vks + " doubted beside the key there is a revocation that cannot be read (openpgp: unsupported feature: hash function 1), of the key " + string(bob.fingerprint()) + "; to take it all the same"}},
		{name: "unreadable in the name of another key", answers: map[string]any{vks: slices.Concat(ann.copy(2018), junkBy(bob)), hkp: full},
			want: []string{vks + " doubted beside the key there is a revocation the library cannot read, in the name of the key ", hkp + " found "}, usable: "y"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			want := test.ann
			if want == "" {
				want = ann.fingerprint()
			}
			r := pinning(t, want, bob.fingerprint())
			held := pgp.NewKeyring()
			for _, data := range test.held {
				held.Add("held", data)
			}
			n := &network{answers: test.answers}
			var got []string
			usable := ""
			for a := range r.Fetch(t.Context(), n.get, held, []pgp.Fingerprint{want}) {
				if strings.Contains(a.Reason, "\n") {
					t.Errorf("reason of several lines: %q", a.Reason)
				}
				if (a.Outcome == Found) != (a.Copy.Packets != nil) || a.Key.Fingerprint != want {
					t.Errorf("%+v", a)
				}
				switch a.Outcome {
				case NotFound:
					continue
				case Found:
					usable += map[bool]string{true: "y", false: "n"}[a.Usable]
					// Nothing but the key is handed on, whatever stood beside it.
					if found, left, skipped, err := pgp.Extract(a.Copy.Packets, func(f pgp.Fingerprint) bool { return f == want }); err != nil || len(found) != 1 || left != 0 || skipped != nil {
						t.Errorf("%s: %d keys, %d others, skipped %v, error %v", a.Place, len(found), left, skipped, err)
					}
				}
				got = append(got, fmt.Sprintf("%s %s %s", a.Place, a.Outcome, a.Reason))
			}
			if len(got) != len(test.want) || usable != test.usable {
				t.Fatalf("answers %q, usable %q", got, usable)
			}
			for i, part := range test.want {
				if !strings.HasPrefix(got[i], part) || strings.HasSuffix(part, " found ") && got[i] != part {
					t.Errorf("answer %q, want %q", got[i], part)
				}
			}
		})
	}
}

func private(t *testing.T, o owner) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := o.key.Serialize(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestFetchHosts: a host that cannot be reached is left alone for the rest of
// the run, one that fails now and then is not.
func TestFetchHosts(t *testing.T) {
	ann, bob := newOwner(t), newOwner(t)
	r := pinning(t, ann.fingerprint(), bob.fingerprint())
	want := []pgp.Fingerprint{ann.fingerprint(), bob.fingerprint()}

	n := &network{answers: map[string]any{
		vks: fmt.Errorf("GET: %w", refusedConnection{}),
		hkp: errors.New("the server answered 503"),
	}}
	var failed []string
	for a := range r.Fetch(t.Context(), n.get, pgp.NewKeyring(), want) {
		if a.Outcome == Failed {
			failed = append(failed, a.Key.Label+" "+a.Place+": "+a.Reason)
		}
	}
	if diff := cmp.Diff([]string{
		"A1 keys.openpgp.org: GET: dial tcp 192.0.2.1:443: connection refused",
		"A1 keyserver.ubuntu.com: the server answered 503",
		"B1 keys.openpgp.org: not asked, because it failed before: GET: dial tcp 192.0.2.1:443: connection refused",
		"B1 keyserver.ubuntu.com: the server answered 503",
	}, failed); diff != "" {
		t.Errorf("failures (-want +got)\n%s", diff)
	}
	asked := func(host string) (n2 int) {
		for _, url := range n.asked {
			if strings.Contains(url, host) {
				n2++
			}
		}
		return n2
	}
	if asked(vks) != 1 || asked(hkp) != 2 {
		t.Errorf("asked %q", n.asked)
	}

	// One that fails whenever it is asked is asked three times.
	e := embedded(t)
	var all []pgp.Fingerprint
	for _, k := range e.Keys() {
		all = append(all, k.Fingerprint)
	}
	n = &network{answers: map[string]any{hkp: errors.New("the server answered 500")}}
	for range e.Fetch(t.Context(), n.get, pgp.NewKeyring(), all) {
	}
	if asked(hkp) != maxFailures || asked(vks) != len(all) {
		t.Errorf("asked %s %d times and %s %d times", hkp, asked(hkp), vks, asked(vks))
	}
}

// TestFetchEnds: nobody is asked after the end of the context.
func TestFetchEnds(t *testing.T) {
	ann, bob := newOwner(t), newOwner(t)
	r := pinning(t, ann.fingerprint(), bob.fingerprint())
	want := []pgp.Fingerprint{ann.fingerprint(), bob.fingerprint()}
	ctx, cancel := context.WithCancel(t.Context())
	n := &network{}
	get := func(ctx context.Context, url string, limit int64) ([]byte, error) {
		if len(n.asked) == 1 {
			cancel()
			return nil, ctx.Err()
		}
		return n.get(ctx, url, limit)
	}
	answers := 0
	for range r.Fetch(ctx, get, pgp.NewKeyring(), want) {
		answers++
	}
	if answers != 0 || len(n.asked) != 1 { // what the other places have would count
		t.Errorf("%d answers, asked %q", answers, n.asked)
	}
	n.asked = nil
	found, problems := r.FetchMissing(ctx, n.get, pgp.NewKeyring(), want)
	if found != nil || len(problems) != 2 || !strings.Contains(problems[0].Message, "could not be asked") || n.asked != nil {
		t.Errorf("%v %v, asked %q", found, problems, n.asked)
	}
}

func TestFetchMissing(t *testing.T) {
	ann, bob, stranger := newOwner(t), newOwner(t), newOwner(t)
	r := pinning(t, ann.fingerprint(), bob.fingerprint())
	both := []pgp.Fingerprint{ann.fingerprint(), bob.fingerprint()}
	spoiled := slices.Concat(ann.copy(2018), junk)
	full, bare := ann.copy(2018), slices.Concat(ann.copy(0), ann.revocation(2019))
	annURL := "0x" + string(ann.fingerprint())
	tests := []struct {
		name     string
		held     []byte
		want     []pgp.Fingerprint
		answers  map[string]any
		found    []string // places
		problems []string // source, and a part of the message
		asked    int
	}{
		{"at the first place", nil, both[:1], map[string]any{vks: full, hkp: full}, []string{vks}, nil, 1},
		{"at the second", nil, both[:1], map[string]any{hkp: full}, []string{hkp}, nil, 2},
		{"at hand", full, both[:1], map[string]any{vks: full}, nil, nil, 0},
		{"at hand without user ID", bare, both[:1], map[string]any{vks: full}, []string{vks}, nil, 1},
		{"first without user ID", nil, both[:1], map[string]any{vks: bare, hkp: full}, []string{vks, hkp}, nil, 2},
		{"only without user ID", nil, both[:1], map[string]any{vks: bare}, nil, []string{
			"key " + string(both[0]) + " of Ann Example: is not at hand and could not be fetched: keys.openpgp.org has a copy without user ID, which is of no use alone, keyserver.ubuntu.com does not have it, github.com does not have it, www.python.org does not have it"}, 4},
		{"a dead host is of no account where others have the key", nil, both[:1], map[string]any{vks: refusedConnection{}, hkp: full}, []string{hkp}, nil, 2},
		{"one found, one not", nil, both, map[string]any{vks: refusedConnection{}, annURL: full, python: []byte("<html>")}, []string{hkp}, []string{
			"key " + string(both[1]) + " of Bob Example: is not at hand and could not be fetched: keys.openpgp.org could not be asked, keyserver.ubuntu.com does not have it, www.python.org: this is an HTML",
			"keys.openpgp.org: could not be asked for keys: dial tcp 192.0.2.1:443: connection refused"}, 4},
		{"unreadable at the first place", nil, both[:1], map[string]any{vks: spoiled, hkp: full}, []string{hkp}, []string{
			"key " + string(both[0]) + " of Ann Example: the copy of keys.openpgp.org was refused: its only news is a revocation that cannot be read (unexpected EOF); to take it all the same, save it"}, 2},
		{"unreadable alone", nil, both[:1], map[string]any{vks: spoiled, hkp: refusedConnection{}}, []string{vks}, []string{
			"key " + string(both[0]) + " of Ann Example: the copy of keys.openpgp.org is taken as the only copy, though a revocation cannot be read",
			"keyserver.ubuntu.com: could not be asked for keys: "}, 4},
		{"not pinned", nil, []pgp.Fingerprint{stranger.fingerprint()}, map[string]any{vks: full}, nil, []string{
			"key " + string(stranger.fingerprint()) + ": was not fetched: the roster does not pin it"}, 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			held := pgp.NewKeyring()
			if test.held != nil {
				held.Add("held", test.held)
			}
			n := &network{answers: test.answers}
			answers, problems := r.FetchMissing(t.Context(), n.get, held, test.want)
			var found []string
			var files []KeyFile
			for _, a := range answers {
				found = append(found, a.Place)
				files = append(files, a.KeyFile())
			}
			if diff := cmp.Diff(test.found, found); diff != "" {
				t.Errorf("found (-want +got)\n%s", diff)
			}
			if len(problems) != len(test.problems) {
				t.Fatalf("problems %q", problems)
			}
			for i, part := range test.problems {
				if got := problems[i].Source + ": " + problems[i].Message; !strings.HasPrefix(got, part) {
					t.Errorf("problem\n%q, want\n%q", got, part)
				}
			}
			if len(n.asked) != test.asked {
				t.Errorf("asked %q", n.asked)
			}
			if len(files) > 0 {
				ring, problems := r.Keyring(files)
				if len(ring.Certificates()) != 1 || problems != nil && test.name != "unreadable alone" {
					t.Errorf("the keyring has %d keys, problems %v", len(ring.Certificates()), problems)
				}
			}
		})
	}
}

// TestRefreshedBesideOlder: a refreshed copy from a key server and the older
// one at hand together verify the old signature as well as the new one.
func TestRefreshedBesideOlder(t *testing.T) {
	ann := newOwner(t)
	r := pinning(t, ann.fingerprint(), newOwner(t).fingerprint())
	old, refreshed := ann.copy(2018), ann.copy(2022)
	status := func(files []KeyFile, year int) pgp.Status {
		ring, problems := r.Keyring(files)
		if problems != nil {
			t.Fatal(problems)
		}
		sig := pgp.Parse(ann.sign(year))
		h := pgp.NewHashes(sig)
		h.Write([]byte(message))
		return ring.Verify(sig, h, pgp.Policy{Signers: []pgp.Fingerprint{ann.fingerprint()}, Time: june(2024)}).Status
	}
	store := Store{filepath.Join(t.TempDir(), "keys")}
	n := &network{answers: map[string]any{vks: refreshed}}
	update := func() {
		for a := range r.Fetch(t.Context(), n.get, pgp.NewKeyring(), []pgp.Fingerprint{ann.fingerprint()}) {
			if a.Outcome == Found {
				if _, _, err := store.Add(a.Copy, a.URL, june(2024)); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	n.answers = map[string]any{vks: old}
	update()
	n.answers = map[string]any{vks: refreshed}
	update()
	files, problems := ReadKeyFiles([]string{store.Dir})
	if len(files) != 2 || problems != nil {
		t.Fatalf("%d files, problems %v", len(files), problems)
	}
	if s := status(files, 2020); s != pgp.Good {
		t.Errorf("with both copies: %s", s)
	}
	if s := status([]KeyFile{{"refreshed", refreshed}}, 2020); s != pgp.GoodRefreshed {
		t.Errorf("with the refreshed copy alone: %s", s)
	}
}

// TestCorpusFetch: the real refreshed copy from one server, Debian's older one
// from another, and a real signature.
func TestCorpusFetch(t *testing.T) {
	dir := corpus(t)
	read := func(name string) []byte {
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	r := embedded(t)
	artifact := filepath.Join(dir, "mirror", "3.13.5", "Python-3.13.5.tar.xz")
	verify := func(files []KeyFile) pgp.Status {
		ring, problems := r.Keyring(files)
		if problems != nil {
			t.Fatal(problems)
		}
		sig := pgp.Parse(read("mirror/3.13.5/Python-3.13.5.tar.xz.asc"))
		h := pgp.NewHashes(sig)
		f, err := os.Open(artifact)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if _, err := f.WriteTo(h); err != nil {
			t.Fatal(err)
		}
		e := r.Expect(name(t, "Python-3.13.5.tar.xz"))
		return ring.Verify(sig, h, pgp.Policy{Signers: e.Signers, Time: time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC)}).Status
	}
	n := &network{answers: map[string]any{
		"by-fingerprint/" + string(thomas): read("keys/thomas-wouters.asc"),
		"search=0x" + string(thomas):       read("keys/thomas-wouters-debian-expired-2026-07-02.asc"),
		// Everybody's keys, as python.org had them in one file.
		python: slices.Concat(read("keys/lukasz-langa.asc"), read("keys/thomas-wouters.asc"), read("keys/anthony-baxter.asc")),
	}}
	store := Store{filepath.Join(t.TempDir(), "keys")}
	var refreshed []KeyFile
	new := 0
	for a := range r.Fetch(t.Context(), n.get, pgp.NewKeyring(), []pgp.Fingerprint{thomas}) {
		if a.Outcome != Found {
			continue
		}
		if a.Place == vks {
			refreshed = []KeyFile{a.KeyFile()}
		}
		_, added, err := store.Add(a.Copy, a.URL, june(2026))
		if err != nil {
			t.Fatal(err)
		}
		if added {
			new++
		}
	}
	if new != 2 {
		t.Errorf("%d new copies, want 2: python.org's is that of the first server", new)
	}
	if s := verify(refreshed); s != pgp.GoodRefreshed {
		t.Errorf("with the refreshed copy alone: %s", s)
	}
	files, problems := ReadKeyFiles([]string{store.Dir})
	if problems != nil {
		t.Fatal(problems)
	}
	if s := verify(files); s != pgp.Good {
		t.Errorf("with both copies: %s", s)
	}
}
