package compare

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"migrate/internal/release"
	"migrate/pgp"
	"migrate/sigstore"
)

var (
	pgpReasons = []pgp.Reason{"", pgp.KeyRevoked, pgp.KeyExpired, pgp.SignatureExpired, pgp.FromFuture, pgp.OlderThanKey,
		pgp.CriticalNotation, pgp.WrongUsage, pgp.UnboundKey, pgp.OldVersion, pgp.UnknownAlgorithm, pgp.HTML, pgp.NoBytes,
		pgp.NotAsked, pgp.Unreadable, pgp.UnreadableRevocation, pgp.UnreadableSelfSignature, pgp.StaleKey, "a-reason-nobody-knows"}
	sigstoreReasons = []sigstore.Reason{"", sigstore.BadSignature, sigstore.BadLogEntry, sigstore.BadTimestamp,
		sigstore.UntrustedChain, sigstore.UntrustedSCT, sigstore.UntrustedLog, sigstore.UntrustedTime, sigstore.UnexpectedKind,
		sigstore.NoCheckpoint, sigstore.NoLogProof, sigstore.NotInLog, sigstore.LookupFailed, sigstore.NewerBundle, sigstore.HTML, sigstore.Unreadable,
		sigstore.Unseen, sigstore.NotAsked, "a-reason-nobody-knows"}
)

// contexts are what surrounds a pair of results.
func contexts(t testing.TB) []Evidence {
	long := time.Date(2014, 1, 2, 3, 4, 5, 0, time.UTC)
	all := []Evidence{{}}
	for _, file := range []string{"Python-3.13.5.tar.xz", "Python-3.14.0.tgz", "Python-3.6.15.tgz", "python-3.10.7-amd64.exe", "Python-3.99.0.tgz", "Python-3.9.8.tgz"} {
		e := evidence(t, file)
		e.SHA256 = strings.Repeat("ab", 32)
		plain := e
		e.PGPFile, e.Bundle = Sidecar{Location: file + ".asc"}, Sidecar{Location: file + ".sigstore"}
		e.PGPUnseen = true
		e.PGP = pgp.Result{Created: long, Issuer: "0123456789ABCDEF", Detail: "some detail", Signatures: 2,
			KeyExpiredSince: long, KeyRevokedSince: long, Algorithm: "DSA-1024", Hash: "SHA-1",
			Weaknesses: []pgp.Weakness{pgp.WeakHash, pgp.WeakKey, pgp.NoKeyFlags, pgp.TextMode, pgp.WeakOther}, Others: []pgp.Status{pgp.Bad}}
		e.Sigstore = sigstore.Result{Claimed: lukasz, LogTime: long.Add(1000 * time.Hour), DeprecatedP384: true, IssuerV1Only: true, InclusionPromise: true, PredicateType: "https://slsa.dev/provenance/v1",
			PromiseHolds: true, PromiseIdentity: stranger, Detail: "some detail"}
		e.MD5 = strings.Repeat("ab", 16)
		e.Published = []Published{{By: "a.dsc", Size: 1, SHA256: strings.Repeat("cd", 32)},
			{By: "an API", Size: 1, MD5: strings.Repeat("cd", 16), Hint: true, Links: links{release.Asc: "", release.Sigstore: "x", release.Crt: "y"}}}
		pair := e
		pair.LegacyPair, pair.Bundle = true, Sidecar{}
		e.Verified = long
		newer := e
		newer.Sigstore.NewerThanRoot = true
		broken := e
		broken.Trouble = "input/output error"
		otherPromise := e
		otherPromise.Sigstore.PromiseIdentity = lukasz
		broken.Sigstore.PromiseHolds = false
		all = append(all, plain, e, pair, otherPromise, newer, broken)
	}
	return all
}

// walk calls f with every context, with every status of both methods, every
// reason of each, and signers of every kind.
func walk(t testing.TB, f func(Evidence)) {
	t.Helper()
	for _, context := range contexts(t) {
		for _, p := range statuses[pgp.Status]() {
			for _, s := range statuses[sigstore.Status]() {
				for i := range max(len(pgpReasons), len(sigstoreReasons)) {
					e := context
					e.PGP.Status, e.Sigstore.Status = p, s
					e.PGP.Reason = pgpReasons[i%len(pgpReasons)]
					e.Sigstore.Reason = sigstoreReasons[i%len(sigstoreReasons)]
					certificates := []pgp.Fingerprint{thomasKey, lukaszKey, "0000000000000000000000000000000000000000", ""}
					if len(e.Expected.Signers) > 0 {
						certificates[3] = e.Expected.Signers[0]
					}
					e.PGP.Certificate = certificates[i%4]
					if i%2 == 0 {
						e.PGP.SigningKey = "1111111111111111111111111111111111111111"
					} else {
						e.PGP.SigningKey = e.PGP.Certificate
					}
					e.Sigstore.Identity = []sigstore.Identity{stranger, thomas, lukasz}[i%3]
					f(e)
				}
			}
		}
	}
}

var codeForm = regexp.MustCompile(`^(pgp|sigstore|compare|source)/[a-z0-9]+(-[a-z0-9]+)*$`)

// TestEveryCodeHasAnEntry emits whatever can be emitted, and holds it to the
// catalogue, and the catalogue to it.
func TestEveryCodeHasAnEntry(t *testing.T) {
	r := roster(t)
	emitted := map[Code]bool{}
	finding := func(e Evidence, f Finding) {
		emitted[f.Code] = true
		if _, ok := Explain(f.Code); !ok {
			t.Fatalf("%s has no entry: %+v", f.Code, e)
		}
		if f.Level < Note || f.Level > Error {
			t.Fatalf("%s has level %s", f.Code, f.Level)
		}
		sentence(t, f.Code, f.Message)
	}
	series := func(all []Series) {
		for _, s := range all {
			if len(s.Reasons) == 0 {
				t.Fatalf("%s is %s for no reason", s.Series, s.Readiness)
			}
			for _, reason := range s.Reasons {
				emitted[reason.Code] = true
				if _, ok := Explain(reason.Code); !ok {
					t.Fatalf("reason %s has no entry", reason.Code)
				}
				sentence(t, reason.Code, reason.Message)
			}
		}
	}
	walk(t, func(e Evidence) {
		all, s := AssessAll([]Evidence{e}, r)
		for _, f := range all[0].Findings {
			finding(e, f)
		}
		series(s)
	})
	for _, tt := range readinessCases(t) {
		all, s := AssessAll(tt.ev, r)
		for _, a := range all {
			for _, f := range a.Findings {
				finding(a.Evidence, f)
			}
		}
		series(s)
	}
	for _, s := range []struct{ file, at string }{{"Python-3.13.5.tgz", "2026-09"}, {"Python-3.13.5.tgz", "2030-01"}, {"Python-3.14.0.tgz", "2026-09"}} {
		series(WithCycle(judged(t, s.file), lives(t), date(t, s.at).Start()))
	}
	for _, e := range []Evidence{bundled(t, "Python-3.13.5.tgz", v03, nil), bundled(t, "Python-3.13.5.tgz", v03, func(r *sigstore.Result) { r.DeprecatedP384 = true })} {
		for _, f := range asking(t, e, "cosign=2.2.4", "sigstore-js=3.1.0") {
			finding(e, f)
		}
	}
	for _, ev := range [][]Evidence{renamed(t), backFilled(t)} {
		all, _ := AssessAll(ev, r)
		for _, a := range all {
			for _, f := range a.Findings {
				finding(a.Evidence, f)
			}
		}
	}
	for _, e := range Catalogue() {
		if !emitted[e.Code] {
			t.Errorf("nothing gives rise to %s", e.Code)
		}
	}
}

// sentence holds a message to its form.
func sentence(t *testing.T, code Code, m string) {
	t.Helper()
	if m == "" || strings.ContainsAny(m, "\n\t") || strings.Contains(m, "  ") && !strings.Contains(m, "  # then") ||
		m != strings.TrimSpace(m) || strings.Contains(m, "%!") || strings.HasSuffix(m, ".") || strings.Contains(m, "()") {
		t.Fatalf("%s: malformed message %q", code, m)
	}
}

func TestCatalogueIsComplete(t *testing.T) {
	entries := Catalogue()
	if len(entries) < 60 {
		t.Fatalf("only %d entries", len(entries))
	}
	if !slices.IsSortedFunc(entries, func(a, b Entry) int { return strings.Compare(string(a.Code), string(b.Code)) }) {
		t.Error("entries are not sorted by code")
	}
	titles := map[string]Code{}
	for i, e := range entries {
		if !codeForm.MatchString(string(e.Code)) {
			t.Errorf("malformed code %q", e.Code)
		}
		if i > 0 && entries[i-1].Code == e.Code {
			t.Errorf("%s has two entries", e.Code)
		}
		if e.Level < Note || e.Level > Error {
			t.Errorf("%s: level %s", e.Code, e.Level)
		}
		for field, text := range map[string]string{"Title": e.Title, "Meaning": e.Meaning, "Action": e.Action, "Source": e.Source} {
			if text == "" || text != strings.Join(strings.Fields(text), " ") {
				t.Errorf("%s: %s is empty or has stray blanks: %q", e.Code, field, text)
			}
		}
		if strings.HasSuffix(e.Title, ".") || len(e.Title) > 90 {
			t.Errorf("%s: Title %q is no title", e.Code, e.Title)
		}
		if titles[e.Title] != "" {
			t.Errorf("%s and %s have one title", e.Code, titles[e.Title])
		}
		titles[e.Title] = e.Code
		if n := len(regexp.MustCompile(`[.!?](\s|$)`).FindAllString(e.Meaning, -1)); n < 2 || n > 6 || !strings.HasSuffix(e.Meaning, ".") {
			t.Errorf("%s: Meaning has %d sentences, want 2 to 6", e.Code, n)
		}
		if !strings.HasSuffix(e.Action, ".") {
			t.Errorf("%s: Action %q is no sentence", e.Code, e.Action)
		}
		if got, ok := Explain(e.Code); !ok || got != e {
			t.Errorf("Explain(%s) = %+v, %v", e.Code, got, ok)
		}
	}
	if e, ok := Explain("pgp/no-such-code"); ok || e != (Entry{}) {
		t.Errorf("Explain of an unknown code: %+v, %v", e, ok)
	}
}

func TestCatalogueCannotBeChanged(t *testing.T) {
	Catalogue()[0].Title = "changed"
	if e := Catalogue()[0]; e.Title == "changed" {
		t.Errorf("%s was changed", e.Code)
	}
}

// TestFindingsAreSorted also shows that a level can differ from the catalogue's.
func TestFindingsAreSorted(t *testing.T) {
	r := roster(t)
	raised := false
	walk(t, func(e Evidence) {
		fs := Assess(e, r).Findings
		if !slices.IsSortedFunc(fs, func(a, b Finding) int {
			if a.Level != b.Level {
				return int(b.Level) - int(a.Level)
			}
			return strings.Compare(string(a.Code), string(b.Code))
		}) {
			t.Fatalf("findings out of order: %v", fs)
		}
		for _, f := range fs {
			if entry, _ := Explain(f.Code); f.Level != entry.Level {
				raised = true
				if !strings.Contains(entry.Meaning, "The level is "+f.Level.String()) {
					t.Fatalf("%s came at level %s, and its entry does not say when", f.Code, f.Level)
				}
			}
		}
	})
	if !raised {
		t.Error("no level was ever changed by the context")
	}
}
