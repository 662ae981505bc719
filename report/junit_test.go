package report

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"migrate/compare"
	"migrate/internal/release"
	"migrate/keyrings"
	"migrate/pgp"
	"migrate/sigstore"
)

func TestJUnitHolds(t *testing.T) {
	docs := documents()
	twice := New(sampleRun())
	twice.Artifacts = append(twice.Artifacts, twice.Artifacts...) // from two sources
	twice.Troubles = append(twice.Troubles, twice.Troubles...)
	twice.count()
	docs["twice"] = twice
	for name, d := range docs {
		checkJUnit(t, render(t, JUnit, d))
		if t.Failed() {
			t.Fatalf("of %s", name)
		}
	}
}

// Missing, negative, could-not-check and expected-to-be-absent are told apart.
func TestJUnitOutcomes(t *testing.T) {
	pinned := Expected{Known: true, PGP: ExpectedPGP{Presence: keyrings.Required, Signers: []string{wouters}}, Sigstore: ExpectedSigstore{Presence: keyrings.Required}}
	due := func(p keyrings.Presence) Expected {
		e := pinned
		e.PGP.Presence, e.Sigstore.Presence = p, p
		return e
	}
	finding := func(l compare.Level, code compare.Code) []Finding { return []Finding{{code, l, "It is said."}} }
	good := PGP{Status: pgp.Good, Certificate: wouters}
	for _, tt := range []struct {
		name     string
		pgp      PGP
		sigstore Sigstore
		expected Expected
		findings []Finding
		verdict  compare.Verdict
		want     []string
	}{
		{"both good", good, Sigstore{Status: sigstore.Good}, pinned, nil, compare.Equivalent,
			[]string{"f PGP passed", "f Sigstore passed"}},
		{"bad and foreign", PGP{Status: pgp.Bad, Detail: "why"}, Sigstore{Status: sigstore.DigestMismatch}, pinned, nil, compare.Failed,
			[]string{"f PGP failure: bad: why", "f Sigstore failure: digest-mismatch"}},
		{"no key, too old", PGP{Status: pgp.UnknownKey}, Sigstore{Status: sigstore.Incompatible, Reason: sigstore.NoCheckpoint}, pinned, nil, compare.Unchecked,
			[]string{"f PGP error: unknown-key", "f Sigstore error: incompatible (no-checkpoint)"}},
		{"newer than the trust root", good, Sigstore{Status: sigstore.Untrusted, Reason: sigstore.UntrustedLog, NewerThanRoot: true, Detail: "why"}, pinned, nil, compare.Unchecked,
			[]string{"f PGP passed", "f Sigstore error: untrusted (newer than the trust root): why"}},
		{"not trusted", good, Sigstore{Status: sigstore.Untrusted, Reason: sigstore.UntrustedLog}, pinned, nil, compare.Conflict,
			[]string{"f PGP passed", "f Sigstore failure: untrusted (transparency-log)"}},
		{"malformed", PGP{Status: pgp.Malformed, Reason: pgp.HTML}, Sigstore{Status: sigstore.Malformed}, pinned, nil, compare.Failed,
			[]string{"f PGP error: malformed (html)", "f Sigstore error: malformed", "f comparison failure: verdict: failed"}},
		{"gaps", PGP{Status: pgp.Missing}, Sigstore{Status: sigstore.Missing}, due(keyrings.Required), finding(compare.Error, "compare/unsigned"), compare.Unsigned,
			[]string{"f PGP skipped: missing (a gap)", "f Sigstore skipped: missing (a gap)", "f comparison failure: It is said."}},
		{"gaps that are warned of", PGP{Status: pgp.Missing}, Sigstore{Status: sigstore.Good}, due(keyrings.Required), finding(compare.Warning, "pgp/missing"), compare.SigstoreOnly,
			[]string{"f PGP skipped: missing (a gap)", "f Sigstore passed"}},
		{"gaps that are errors", PGP{Status: pgp.Missing}, Sigstore{Status: sigstore.Good}, due(keyrings.Required), finding(compare.Error, "pgp/missing"), compare.SigstoreOnly,
			[]string{"f PGP failure: It is said.", "f Sigstore passed"}},
		{"as expected", PGP{Status: pgp.Missing}, Sigstore{Status: sigstore.Missing}, due(keyrings.None), nil, compare.Unsigned,
			[]string{"f PGP skipped: missing (as expected)", "f Sigstore skipped: missing (as expected)"}},
		{"nobody to say", PGP{Status: pgp.Missing}, Sigstore{Status: sigstore.Good}, Expected{}, nil, compare.SigstoreOnly,
			[]string{"f PGP skipped: missing", "f Sigstore passed"}},
		{"not asked for", PGP{Reason: pgp.NotAsked}, Sigstore{Reason: sigstore.NotAsked}, pinned, nil, compare.Unchecked,
			[]string{"f PGP skipped: unchecked (not-asked)", "f Sigstore skipped: unchecked (not-asked)", "f comparison error: verdict: unchecked"}},
		{"not in this source, none due", PGP{Reason: pgp.NoBytes, Unseen: true}, Sigstore{Status: sigstore.Good}, due(keyrings.None), nil, compare.SigstoreOnly,
			[]string{"f PGP skipped: unchecked (not in this source)", "f Sigstore passed"}},
		{"not in this source, and due", PGP{Reason: pgp.NoBytes, Unseen: true}, Sigstore{Status: sigstore.Good}, pinned, nil, compare.Unchecked,
			[]string{"f PGP error: unchecked (not in this source)", "f Sigstore passed"}},
		{"the zero value", PGP{}, Sigstore{}, Expected{}, nil, compare.Unchecked,
			[]string{"f PGP error: unchecked", "f Sigstore error: unchecked"}},
		{"weak", PGP{Status: pgp.Weak, Weaknesses: []pgp.Weakness{pgp.WeakHash}, Certificate: wouters}, Sigstore{Status: sigstore.Good}, pinned, nil, compare.SigstoreOnly,
			[]string{"f PGP skipped: weak (weak-hash): it counts for nothing", "f Sigstore passed"}},
		{"good from the log", good, Sigstore{Status: sigstore.GoodFromLog}, pinned, nil, compare.PGPOnly,
			[]string{"f PGP passed", "f Sigstore skipped: good (from the log): it is no bundle, and counts as none"}},
		{"log silent", good, Sigstore{Reason: sigstore.LookupFailed, Detail: "no route"}, pinned, nil, compare.Unchecked,
			[]string{"f PGP passed", "f Sigstore error: unchecked (lookup-failed): no route"}},
		{"nobody pinned", good, Sigstore{Status: sigstore.WrongIdentity}, Expected{}, nil, compare.Unchecked,
			[]string{"f PGP skipped: good: the roster pins nobody, so it counts for nothing", "f Sigstore skipped: wrong-identity: the roster pins nobody, so it counts for nothing", "f comparison error: verdict: unchecked"}},
		{"another pinned", PGP{Status: pgp.Good, Certificate: langa}, Sigstore{Status: sigstore.WrongIdentity}, pinned, nil, compare.Failed,
			[]string{"f PGP failure: good", "f Sigstore failure: wrong-identity"}},
		{"another person", good, Sigstore{Status: sigstore.Good}, pinned, finding(compare.Error, "compare/signer-differs"), compare.Conflict,
			[]string{"f PGP passed", "f Sigstore passed", "f comparison failure: It is said."}},
		{"a conflict without words", good, Sigstore{Status: sigstore.Good}, pinned, nil, compare.Conflict,
			[]string{"f PGP passed", "f Sigstore passed", "f comparison failure: verdict: conflict"}},
		{"unread", PGP{Reason: pgp.Unreadable}, Sigstore{Reason: sigstore.Unreadable}, pinned, finding(compare.Error, "source/unreadable"), compare.Unchecked,
			[]string{"f PGP error: unchecked (unreadable)", "f Sigstore error: unchecked (unreadable)"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := Document{Series: []Series{{Series: "3.13"}}, Artifacts: []Artifact{{
				Name: "f", Version: "3.13.5", Series: "3.13",
				PGP: tt.pgp, Sigstore: tt.sigstore, Expected: tt.expected, Findings: tt.findings, Verdict: tt.verdict,
			}}}
			d.count()
			var got []string
			for _, c := range parseJUnit(t, render(t, JUnit, &d)).Suites[0].Cases {
				got = append(got, c.String())
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// Every pair of statuses, of artifacts of which different things are expected,
// as compare judges it: the cases say what the exit status says.
func TestJUnitExit(t *testing.T) {
	roster, err := keyrings.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	seen := make(map[int]int)
	for _, file := range []string{"Python-3.13.5.tar.xz", "python-3.13.5-amd64.exe", "Python-3.14.0.tgz", "Python-3.6.1.tgz", "Python-2.2.1.tgz", "Python-3.99.0.tgz"} {
		name, ok := release.ParseName(file)
		if !ok {
			t.Fatalf("%s is not understood", file)
		}
		for p := pgp.Unchecked; p <= pgp.Missing; p++ {
			for s := sigstore.Unchecked; s <= sigstore.Missing; s++ {
				for _, pinned := range []bool{true, false} {
					e := compare.Evidence{Name: name, Location: file, SHA256: digest(1), Expected: roster.Expect(name)}
					e.PGP.Status, e.Sigstore.Status = p, s
					if len(e.Expected.Signers) > 0 && pinned {
						e.PGP.Certificate = e.Expected.Signers[0]
					}
					all, series := compare.AssessAll([]compare.Evidence{e}, roster)
					d := New(Run{Assessments: all, Series: series})
					doc := parseJUnit(t, render(t, JUnit, d))
					exit := d.Exit(compare.Error)
					seen[exit]++
					bad := false
					switch exit {
					case 0:
						bad = doc.Errors > 0 || doc.Failures > 0
					case 1:
						bad = doc.Failures == 0
					case 2:
						bad = doc.Errors == 0
					}
					if bad {
						t.Errorf("%s, PGP %s, Sigstore %s, pinned %v: exit status %d, and %+v: %v", file, p, s, pinned, exit, doc.counts, doc.Suites[0].Cases)
					}
				}
			}
		}
	}
	for exit := range 3 {
		if seen[exit] == 0 {
			t.Errorf("nothing of exit status %d among the pairs", exit)
		}
	}
}

// What belongs to no series is not forgotten.
func TestJUnitSources(t *testing.T) {
	d := Document{
		Series:       []Series{{Series: "3.13"}},
		Artifacts:    []Artifact{{Name: "stranger.zip", Version: "0.0.0", Series: "0.0"}},
		Unrecognised: []Unrecognised{{"notes.txt", "no artifact name known"}, {"notes.txt", "no artifact name known"}},
		Troubles:     []Trouble{{"loop", "a loop"}, {"", "no place"}},
	}
	d.count()
	doc := parseJUnit(t, render(t, JUnit, &d))
	got := []string{doc.Suites[1].Name}
	for _, c := range doc.Suites[1].Cases {
		got = append(got, c.String())
	}
	want := []string{"sources",
		"loop error: a loop",
		"source error: no place",
		"notes.txt skipped: not recognised, and not verified: no artifact name known",
		"notes.txt (2) skipped: not recognised, and not verified: no artifact name known",
		"stranger.zip PGP error: unchecked", "stranger.zip Sigstore error: unchecked"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}

	doc = parseJUnit(t, render(t, JUnit, &Document{}))
	if len(doc.Suites) != 1 || doc.Errors != 1 || doc.Suites[0].Cases[0].String() != "artifacts error: no artifacts were found" {
		t.Errorf("a report on nothing: %+v", doc)
	}
}

// A case carries the evidence and all findings of its method.
func TestJUnitEvidence(t *testing.T) {
	out := render(t, JUnit, New(sampleRun()))
	var cases []junitCase
	for _, s := range parseJUnit(t, out).Suites {
		cases = append(cases, s.Cases...)
	}
	i := slices.IndexFunc(cases, func(c junitCase) bool { return c.Name == "Python-3.13.5.tar.xz Sigstore" })
	for _, want := range []string{"identity: thomas@python.org", "issuer: " + google, "log entry: 234567890", "place: 3.13.5/Python-3.13.5.tar.xz"} {
		if !strings.Contains(cases[i].Out, want) {
			t.Errorf("%q is not in\n%s", want, cases[i].Out)
		}
	}
	for _, a := range New(sampleRun()).Artifacts {
		for _, f := range a.Findings {
			if f.Code == "source/unreadable" {
				continue // said in both cases of the artifact
			}
			if line := fmt.Sprintf("%s %s: %s", f.Level, f.Code, f.Message); !strings.Contains(out, line) {
				t.Errorf("%q is not in it", line)
			}
		}
	}
}
