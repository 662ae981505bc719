package compare

import (
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"migrate/internal/release"
	"migrate/keyrings"
	"migrate/pgp"
	"migrate/sigstore"
)

// The tests judge by the embedded roster: its facts are what the sentences are
// about.
var (
	thomasKey = pgp.Fingerprint("7169605F62C751356D054A26A821E680E5FA6305")
	lukaszKey = pgp.Fingerprint("E3FF2839C048B25C084DEBE9B26995E310250568")
	steveKey  = pgp.Fingerprint("7ED10B6531D7C8E1BC296021FC624643487034E5")
	thomas    = sigstore.Identity{SAN: "thomas@python.org", Issuer: "https://accounts.google.com"}
	pablo     = sigstore.Identity{SAN: "pablogsal@python.org", Issuer: "https://accounts.google.com"}
	lukasz    = sigstore.Identity{SAN: "lukasz@langa.pl", Issuer: "https://github.com/login/oauth"}
	stranger  = sigstore.Identity{SAN: "mallory@example.com", Issuer: "https://accounts.google.com"}
)

// embedded reads the roster once for all tests.
var embedded = sync.OnceValues(keyrings.Embedded)

func roster(t testing.TB) *keyrings.Roster {
	t.Helper()
	r, err := embedded()
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func name(t testing.TB, file string) release.Name {
	t.Helper()
	n, ok := release.ParseName(file)
	if !ok {
		t.Fatalf("not an artifact's name: %s", file)
	}
	return n
}

// on is noon of a day, UTC.
func on(t testing.TB, date string) time.Time {
	t.Helper()
	d, err := time.Parse(time.DateOnly, date)
	if err != nil {
		t.Fatal(err)
	}
	return d.Add(12 * time.Hour)
}

// change makes evidence differ from the usual.
type change func(*Evidence)

// evidence is of an artifact that is good by every method that is due, changed.
func evidence(t testing.TB, file string, changes ...change) Evidence {
	t.Helper()
	n := name(t, file)
	e := Evidence{
		Name:     n,
		Location: n.Version.Dir() + "/" + file,
		Size:     1000,
		Expected: roster(t).Expect(n),
		PGP:      pgp.Result{Status: pgp.Missing},
		Sigstore: sigstore.Result{Status: sigstore.Missing},
	}
	if e.Expected.PGP == keyrings.Required {
		e.PGP = pgp.Result{Status: pgp.Good, Signatures: 1, Certificate: e.Expected.Signers[0], SigningKey: e.Expected.Signers[0]}
	}
	if e.Expected.Sigstore == keyrings.Required {
		e.Sigstore = sigstore.Result{Status: sigstore.Good, Identity: e.Expected.Identities[0]}
	}
	for _, c := range changes {
		c(&e)
	}
	return e
}

// The changes that several tests make.

func byPGP(r pgp.Result) change           { return func(e *Evidence) { e.PGP = r } }
func bySigstore(r sigstore.Result) change { return func(e *Evidence) { e.Sigstore = r } }
func noBundle(e *Evidence)                { e.Sigstore = sigstore.Result{Status: sigstore.Missing} }
func noAsc(e *Evidence)                   { e.PGP = pgp.Result{Status: pgp.Missing} }

// unseen is what tracker data shows of PGP: nothing.
func unseen(e *Evidence) {
	e.PGPUnseen = true
	e.PGP = pgp.Result{Reason: pgp.NoBytes, Detail: "the source has no artifact to hash"}
}

func pairOnly(e *Evidence) {
	e.LegacyPair = true
	e.Sigstore = sigstore.Result{Status: sigstore.Incompatible, Reason: sigstore.NoLogProof}
}

func lookupFailed(e *Evidence) {
	e.LegacyPair = true
	e.Sigstore = sigstore.Result{Reason: sigstore.LookupFailed, Detail: "no route to host"}
}

// goodFromLog is a pair by whom the bundle is expected.
func goodFromLog(e *Evidence) {
	e.LegacyPair = true
	e.Sigstore = sigstore.Result{Status: sigstore.GoodFromLog, Identity: e.Expected.Identities[0]}
}

func signedOn(byPGP, bySigstore time.Time) change {
	return func(e *Evidence) { e.PGP.Created, e.Sigstore.LogTime = byPGP, bySigstore }
}

// message returns the message of the one finding with a code.
func message(t testing.TB, a Assessment, code Code) string {
	t.Helper()
	var found []string
	for _, f := range a.Findings {
		if f.Code == code {
			found = append(found, f.Message)
		}
	}
	if len(found) != 1 {
		t.Fatalf("%s: found %s %d times, want once, in %v", a.Name.File, code, len(found), codesOf(a))
	}
	return found[0]
}

// codesOf returns "level code" of each finding, in order.
func codesOf(a Assessment) []string {
	var out []string
	for _, f := range a.Findings {
		out = append(out, f.Level.String()+" "+string(f.Code))
	}
	return out
}

func wantCodes(t testing.TB, a Assessment, want ...string) {
	t.Helper()
	if got := codesOf(a); !slices.Equal(got, want) {
		t.Errorf("%s: findings %q, want %q", a.Name.File, got, want)
	}
}

func wantWords(t testing.TB, text string, words ...string) {
	t.Helper()
	for _, w := range words {
		if !strings.Contains(text, w) {
			t.Errorf("%q does not say %q", text, w)
		}
	}
}
