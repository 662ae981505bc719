package keyrings

import (
	"crypto/sha256"
	"encoding/hex"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"migrate/pgp"
	"migrate/sigstore"
)

var update = flag.Bool("update", false, "write the golden files anew")

// small is a roster with one of everything, for tests to damage.
const small = `version: 2026-01-02
people:
  ann: Ann Example
  bob: Bob Example
keys:
  A1: {person: ann, fingerprint: 531F072D39700991925FED0C0EDDC5F26A45C816, algorithm: DSA-1024}
  B1: {person: bob, fingerprint: DBBF2EEBF925FAADCF1F3FFFD9866941EA5BBD71, algorithm: DSA-1024}
unpinnable:
  - {person: bob, key-id: 7123BC13ED9D77D5}
identities:
  ann: {person: ann, san: ann@example.org, issuer: https://issuer.example}
  bob: {person: bob, san: bob@example.org, issuer: https://issuer.example}
same-person: [source]
series:
  - {series: 3.10, source: {first: [A1], 3.10.2: [B1]}, sigstore: [ann], sigstore-from: 3.10.3}
  - {series: 3.11..3.12, pgp: none, sigstore: [bob], why: PEP 761}
kinds:
  - {kind: windows-help, sigstore: optional, why: help}
exceptions:
  - {releases: 3.10.5..3.10.7, roles: [source], sigstore: optional, why: pair}
recalled:
  - {release: 3.10.4, why: 3.10.4 was recalled}
`

func parseSmall(t testing.TB, edits ...string) (*Roster, error) {
	t.Helper()
	text := small
	for i := 0; i < len(edits); i += 2 {
		if strings.Count(text, edits[i]) == 0 {
			t.Fatalf("%q is not in the small roster", edits[i])
		}
		text = strings.Replace(text, edits[i], edits[i+1], 1)
	}
	return Parse("roster.yaml", []byte(text))
}

func TestParseSmall(t *testing.T) {
	r, err := parseSmall(t)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256([]byte(small))
	if r.Version() != "2026-01-02" || r.Source() != "roster.yaml" || r.SHA256() != hex.EncodeToString(sum[:]) {
		t.Errorf("version %q, source %q, digest %s", r.Version(), r.Source(), r.SHA256())
	}
	for file, want := range map[string]string{"Python-3.10.1.tgz": "A1", "Python-3.10.2rc1.tgz": "A1", "Python-3.10.2.tgz": "B1"} {
		if got := labels(t, r, r.Expect(name(t, file)).Signers); got != want {
			t.Errorf("%s: signers %q, want %q", file, got, want)
		}
	}
}

func TestParsePeople(t *testing.T) {
	r, err := parseSmall(t, "ann: Ann Example", "ann: {name: Ann Example, github: Ann-E2}")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]Person{{ID: "ann", Name: "Ann Example", GitHub: "Ann-E2"}, {ID: "bob", Name: "Bob Example"}}, r.People()); diff != "" {
		t.Error(diff)
	}
}

// Sections may stand in any order: editors move them about.
func TestParseSectionOrder(t *testing.T) {
	head, tail, _ := strings.Cut(small, "series:\n")
	r, err := Parse("roster.yaml", []byte("series:\n"+tail+head))
	if err != nil {
		t.Fatal(err)
	}
	want, err := parseSmall(t)
	if err != nil {
		t.Fatal(err)
	}
	n := name(t, "Python-3.10.6.tgz")
	if diff := cmp.Diff(want.Expect(n), r.Expect(n)); diff != "" {
		t.Error(diff)
	}
}

func TestParseErrors(t *testing.T) {
	const fprA = "531F072D39700991925FED0C0EDDC5F26A45C816"
	tests := []struct {
		name     string
		old, new string
		want     string // all lines of the error
	}{
		{"short fingerprint", fprA, "6A45C816",
			`roster.yaml:6: key A1: "6A45C816" is a key ID of 8 digits, which can be forged: give the full fingerprint of 40 digits`},
		{"long key ID", fprA, "0EDDC5F26A45C816",
			`roster.yaml:6: key A1: "0EDDC5F26A45C816" is a key ID of 16 digits, which can be forged: give the full fingerprint of 40 digits`},
		{"one digit short", fprA, fprA[1:],
			`roster.yaml:6: key A1: fingerprint "31F072D39700991925FED0C0EDDC5F26A45C816" has 39 digits: a full one has 40 (or 64 for version 6)`},
		{"not hexadecimal", fprA, "X" + fprA[1:],
			`roster.yaml:6: key A1: fingerprint "X31F072D39700991925FED0C0EDDC5F26A45C816" is not hexadecimal`},
		{"same fingerprint twice", "DBBF2EEBF925FAADCF1F3FFFD9866941EA5BBD71", strings.ToLower(fprA),
			`roster.yaml:7: key B1 has the fingerprint of key A1; keep one of them`},
		{"duplicate key", "  B1: {person", "  A1: {person",
			"roster.yaml:7: \"A1\" stands twice in keys, first in line 6; keep one\n" +
				`roster.yaml:15: there is no key "B1"; add it to keys`},
		{"unknown person", "A1: {person: ann", "A1: {person: anne",
			`roster.yaml:6: key A1: nobody is called "anne"; add them to people`},
		{"unknown person of an identity", "bob: {person: bob", "bob: {person: rob",
			`roster.yaml:12: identity bob: nobody is called "rob"; add them to people`},
		{"person without name", "ann: Ann Example", "ann:",
			`roster.yaml:3: the name of ann is empty; fill it in or remove it`},
		{"person ID", "ann: Ann Example", "Ann B: Ann Example\n  ann: Ann Example",
			`roster.yaml:3: person "Ann B": use lower-case letters, digits and hyphens`},
		{"person as a mapping without a name", "ann: Ann Example", "ann: {github: ann-e}",
			`roster.yaml:3: ann has no name; add it`},
		{"person with another field", "ann: Ann Example", "ann: {name: Ann Example, gitlab: ann}",
			`roster.yaml:3: ann has no field "gitlab"; there are name, github`},
		{"GitHub name that is a path", "ann: Ann Example", "ann: {name: Ann Example, github: ../ann}",
			`roster.yaml:3: github of ann: "../ann" is no user name of GitHub's; write what stands behind github.com/`},
		{"GitHub name with a hyphen at its end", "ann: Ann Example", "ann: {name: Ann Example, github: ann-}",
			`roster.yaml:3: github of ann: "ann-" is no user name of GitHub's; write what stands behind github.com/`},
		{"empty GitHub name", "ann: Ann Example", "ann: {name: Ann Example, github: }",
			`roster.yaml:3: github of ann is empty; fill it in or remove it`},
		{"person as a list", "ann: Ann Example", "ann: [Ann Example]",
			`roster.yaml:3: the name of ann must be a single value`},
		{"unpinnable with fingerprint", "7123BC13ED9D77D5", fprA,
			`roster.yaml:9: key-id "` + fprA + `" is not 16 upper-case hex digits; a key with a full fingerprint belongs in keys`},

		{"no issuer", "san: ann@example.org, issuer: https://issuer.example", "san: ann@example.org",
			`roster.yaml:11: identity ann has no issuer; an address means nothing without the OIDC issuer that vouches for it`},
		{"http issuer", "https://issuer.example", "http://issuer.example",
			`roster.yaml:11: identity ann: issuer "http://issuer.example" must begin with https://`},
		{"issuer is no URL", "https://issuer.example", "GitHub",
			`roster.yaml:11: identity ann: issuer "GitHub" is not the URL of an issuer; write it like https://accounts.google.com`},
		{"issuer with a query", "https://issuer.example", `"https://issuer.example?x=1"`,
			`roster.yaml:11: identity ann: issuer "https://issuer.example?x=1" is not the URL of an issuer; write it like https://accounts.google.com`},
		{"neither san nor pattern", "san: ann@example.org, ", "",
			`roster.yaml:11: identity ann needs either san or pattern`},
		{"san and pattern", "san: ann@example.org, ", `san: ann@example.org, pattern: 'https://example\.org/python/.*', `,
			`roster.yaml:11: identity ann needs either san or pattern`},
		{"pattern in san", "san: ann@example.org", "san: .*@.*",
			`roster.yaml:11: identity ann: san ".*@.*" is neither a mail address nor a URI; a regular expression goes into pattern`},
		{"san with http", "san: ann@example.org", "san: http://example.org/x",
			`roster.yaml:11: identity ann: san "http://example.org/x" is not an https URI`},
		{"same identity twice", "san: bob@example.org", "san: ann@example.org",
			`roster.yaml:12: identity bob says the same as identity ann; keep one of them`},
		{"mail address without person", "bob: {person: bob, san", "bob: {san",
			`roster.yaml:12: identity bob has no person; only a workload, with a URI or a pattern, may go without`},
		{"identity called none", "ann: {person: ann, san", "none: {person: ann, san",
			"roster.yaml:11: identity \"none\": use letters, digits and hyphens for its name, and another word than none\n" +
				`roster.yaml:15: there is no identity "ann"; add it to identities`},
		{"pattern does not compile", "san: ann@example.org", `pattern: 'https://example\.org/python/(.*'`,
			"roster.yaml:11: identity ann: pattern does not compile: missing closing ): `https://example\\.org/python/(.*`"},
		{"pattern with bare dots", "san: ann@example.org", `pattern: 'https://example.org/python/.*'`,
			`roster.yaml:11: identity ann: pattern must begin literally with https://host/owner/; escape its dots (\.), leave out ^ and flags`},
		{"pattern for everybody", "san: ann@example.org", `pattern: '.*'`,
			`roster.yaml:11: identity ann: pattern must begin literally with https://host/owner/; escape its dots (\.), leave out ^ and flags`},
		{"pattern for a whole host", "san: ann@example.org", `pattern: 'https://example\.org/.*'`,
			`roster.yaml:11: identity ann: pattern must begin literally with https://host/owner/; escape its dots (\.), leave out ^ and flags`},
		{"pattern with a stranger's alternative", "san: ann@example.org", `pattern: 'https://example\.org/python/x|https://evil\.example/python/x'`,
			`roster.yaml:11: identity ann: pattern must begin literally with https://host/owner/; escape its dots (\.), leave out ^ and flags`},
		{"pattern that ignores case", "san: ann@example.org", `pattern: '(?i)https://example\.org/python/x'`,
			`roster.yaml:11: identity ann: pattern must begin literally with https://host/owner/; escape its dots (\.), leave out ^ and flags`},

		{"unknown role", "same-person: [source]", "same-person: [sources]",
			`roster.yaml:13: "sources" is no role; there are [source windows macos android ios]`},
		{"overlapping series", "3.11..3.12", "3.10..3.12",
			`roster.yaml:16: series 3.10 has a row already, in line 15; a series has one row`},
		{"series twice in a row", "3.11..3.12", "[3.11, 3.11]",
			`roster.yaml:16: series 3.11 has a row already, in line 16; a series has one row`},
		{"backward range", "3.11..3.12", "3.12..3.11",
			`roster.yaml:16: 3.12..3.11 is no range of series; write it like 3.14..3.15`},
		{"range over majors", "3.11..3.12", "2.11..3.12",
			`roster.yaml:16: 2.11..3.12 is no range of series; write it like 3.14..3.15`},
		{"release for series", "3.11..3.12", "3.11.1",
			`roster.yaml:16: "3.11.1" is not a CPython series: write it like 3.13`},
		{"unknown key", "first: [A1]", "first: [C1]",
			`roster.yaml:15: there is no key "C1"; add it to keys`},
		{"unknown identity", "sigstore: [bob]", "sigstore: [rob]",
			`roster.yaml:16: there is no identity "rob"; add it to identities`},
		{"key twice", "first: [A1]", "first: [A1, A1]",
			`roster.yaml:15: key A1 stands twice; keep one`},
		{"no keys", "first: [A1]", "first: []",
			`roster.yaml:15: key needs a value or a list of values`},
		{"steps out of order", "3.10.2: [B1]", "3.10.2: [B1], 3.10.1: [A1]",
			`roster.yaml:15: step 3.10.1 does not come after the step before it; put the steps in order`},
		{"step of another series", "3.10.2: [B1]", "3.11.0: [B1]",
			`roster.yaml:15: step 3.11.0 is not of series 3.10; give the series a row of its own`},
		{"step spelled otherwise", "3.10.2: [B1]", "3.10.2-rc1: [B1]",
			`roster.yaml:15: release "3.10.2-rc1": write 3.10.2rc1`},
		{"PGP neither way", "pgp: none, sigstore: [bob]", "sigstore: [bob]",
			"roster.yaml:16: series 3.11 names no key for any role; name some, or write pgp: none\n" +
				`roster.yaml:16: series 3.12 names no key for any role; name some, or write pgp: none`},
		{"PGP both ways", "pgp: none, sigstore: [bob]", "pgp: none, source: [A1], sigstore: [bob]",
			"roster.yaml:16: series 3.11 has keys although pgp is none; remove one of the two\n" +
				`roster.yaml:16: series 3.12 has keys although pgp is none; remove one of the two`},
		{"no reason", ", why: PEP 761", "",
			"roster.yaml:16: series 3.11: pgp: none needs why, one sentence for the report\n" +
				`roster.yaml:16: series 3.12: pgp: none needs why, one sentence for the report`},
		{"PGP optional", "pgp: none", "pgp: optional",
			"roster.yaml:16: series 3.11: pgp can only be none here; otherwise name the keys for each role\n" +
				`roster.yaml:16: series 3.12: pgp can only be none here; otherwise name the keys for each role`},
		{"no sigstore", "pgp: none, sigstore: [bob]", "pgp: none",
			`roster.yaml:16: a series row has no sigstore; add it`},
		{"beginning of nothing", "sigstore: [ann], sigstore-from", "sigstore: none, sigstore-from",
			`roster.yaml:15: series 3.10: sigstore is none and cannot begin; remove sigstore-from`},
		{"beginning elsewhere", "sigstore-from: 3.10.3", "sigstore-from: 3.11.0",
			`roster.yaml:15: series 3.10: sigstore-from 3.11.0 is of another series; give the series a row of its own`},
		{"unknown field", "sigstore-from: 3.10.3", "sigstore-form: 3.10.3",
			`roster.yaml:15: a series row has no field "sigstore-form"; there are series, source, windows, macos, android, ios, pgp, sigstore, sigstore-from, why`},
		{"unknown section", "same-person:", "same-persons:",
			`roster.yaml:13: the roster has no field "same-persons"; there are version, people, keys, unpinnable, identities, same-person, series, kinds, exceptions, recalled`},

		{"unknown kind", "kind: windows-help", "kind: windows-chm",
			`roster.yaml:18: "windows-chm" is no kind; there are [source windows-installer windows-msi windows-embeddable windows-symbols windows-help windows-manifest macos-installer android ios]`},
		{"unknown presence", "sigstore: optional, why: help", "sigstore: maybe, why: help",
			`roster.yaml:18: "maybe" is no presence; write required, optional or none`},
		{"kind without effect", "sigstore: optional, why: help", "why: help",
			`roster.yaml:18: a row of kinds says nothing; add pgp or sigstore`},
		{"kind twice", "kind: windows-help", "kind: [windows-help, windows-help]",
			`roster.yaml:18: kind windows-help stands twice; keep one`},

		{"contradiction", "why: pair}", "why: pair}\n  - {releases: 3.10.7, sigstore: required, why: b}",
			`roster.yaml:21: this exception and that in line 20 both speak about the same artifacts; make one of them narrower`},
		{"exception of unknown series", "3.10.5..3.10.7", "3.9.5",
			`roster.yaml:20: release 3.9.5: series 3.9 has no row; add it to series`},
		{"range over series", "3.10.5..3.10.7", "3.10.5..3.11.0",
			`roster.yaml:20: 3.10.5..3.11.0 is no range of releases of one series; write it like 3.10.7..3.10.10`},
		{"backward releases", "3.10.5..3.10.7", "3.10.5..3.10.5rc1",
			`roster.yaml:20: 3.10.5..3.10.5rc1 is no range of releases of one series; write it like 3.10.7..3.10.10`},
		{"not a release", "3.10.5..3.10.7", "latest",
			`roster.yaml:20: "latest" is not a CPython version: write it like 3.13.5 or 3.14.0rc2`},
		{"exception without effect", "sigstore: optional, why: pair", "why: pair",
			`roster.yaml:20: an exception says nothing; add pgp, sigstore, signers or identities`},
		{"exception without reason", ", why: pair", "",
			`roster.yaml:20: an exception has no why; add it`},
		{"required of nobody", "why: pair}", "why: pair}\n  - {releases: 3.11.1, roles: [source], pgp: required, why: b}",
			`roster.yaml:21: pgp is required for source files of 3.11.1, but nobody may sign them; add signers`},
		{"required of no role", "why: pair}", "why: pair}\n  - {releases: 3.11.1, pgp: required, why: b}",
			`roster.yaml:21: an exception with pgp: required needs roles or signers`},
		{"recalled twice", "3.10.4 was recalled}", "3.10.4 was recalled}\n  - {release: 3.10.4, why: again}",
			`roster.yaml:23: release 3.10.4 is recalled twice; keep one row`},

		{"version", "version: 2026-01-02", "version: 7",
			`roster.yaml:1: version "7" is not a date; write it like 2026-04-28`},
		{"no version", "version: 2026-01-02", "",
			`roster.yaml:2: the roster has no version; add it`},
		{"control character", "Ann Example", `"Ann\e[2J"`,
			`roster.yaml:3: the name of ann has a character that cannot be shown: "Ann\x1b[2J"; remove it`},
		{"direction override", "Ann Example", `"Ann \u202e"`,
			`roster.yaml:3: the name of ann has a character that cannot be shown: "Ann \u202e"; remove it`},
		{"anchor", "ann: Ann Example\n  bob: Bob Example", "ann: &x Ann Example\n  bob: *x",
			"roster.yaml:3: the name of ann: anchors and aliases are not allowed in a roster; write the value out\n" +
				`roster.yaml:4: the name of bob: anchors and aliases are not allowed in a roster; write the value out`},
		{"list in place of a mapping", "same-person: [source]\nseries:", "same-person: [source]\nseries: {}\nx:",
			"roster.yaml:14: series must be a list, one - a row\n" +
				"roster.yaml:15: the roster has no field \"x\"; there are version, people, keys, unpinnable, identities, same-person, series, kinds, exceptions, recalled\n" +
				"roster.yaml:21: release 3.10.5: series 3.10 has no row; add it to series\n" +
				`roster.yaml:23: release 3.10.4: series 3.10 has no row; add it to series`},
		{"second document", "recalled:", "---\nrecalled:",
			`roster.yaml:21: a second document begins here; a roster is one document`},
		{"not YAML", "same-person: [source]", "same-person: [source",
			`roster.yaml:12: this line or the next is not YAML: did not find expected ',' or ']'`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := parseSmall(t, test.old, test.new)
			if err == nil {
				t.Fatal("no error")
			}
			if diff := cmp.Diff(test.want, err.Error()); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}

	for text, want := range map[string]string{
		"":                                   "roster.yaml:1: the roster is empty; leave it out to use the embedded one",
		"# nothing":                          "roster.yaml:1: the roster is empty; leave it out to use the embedded one",
		"[a, b]":                             "roster.yaml:1: the roster must be a mapping, name: value",
		"just words":                         "roster.yaml:1: the roster must be a mapping, name: value",
		strings.Repeat("#", maxRosterSize+1): "roster.yaml:1: the roster has 1048577 bytes; more than 1048576 cannot be one",
	} {
		if _, err := Parse("roster.yaml", []byte(text)); err == nil || err.Error() != want {
			t.Errorf("%.20q: %v, want %s", text, err, want)
		}
	}
}

func TestParseBundleRequiredOfNobody(t *testing.T) {
	_, err := parseSmall(t,
		"sigstore: [ann], sigstore-from: 3.10.3", "sigstore: none",
		"sigstore: optional, why: pair", "sigstore: required, why: pair")
	want := "roster.yaml:20: sigstore is required for 3.10.5, but nobody may sign it; add identities"
	if err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
}

// TestParseManyErrors shows what a release manager with several mistakes gets:
// all of them at once, each in a line, in the order of lines.
func TestParseManyErrors(t *testing.T) {
	data, err := os.ReadFile(filepath.Join("testdata", "mistakes.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	_, mistakes := Parse("mistakes.yaml", data)
	if mistakes == nil {
		t.Fatal("no error")
	}
	golden := filepath.Join("testdata", "mistakes.golden")
	got := mistakes.Error() + "\n"
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if joined, ok := mistakes.(interface{ Unwrap() []error }); !ok || len(joined.Unwrap()) != strings.Count(got, "\n") {
		t.Errorf("the error does not join one error a line")
	}
}

// edit changes the embedded roster's text.
func edit(t *testing.T, edits ...string) *Roster {
	t.Helper()
	text := string(embeddedRoster)
	for i := 0; i < len(edits); i += 2 {
		if strings.Count(text, edits[i]) != 1 {
			t.Fatalf("%q stands %d times in the roster", edits[i], strings.Count(text, edits[i]))
		}
		text = strings.Replace(text, edits[i], edits[i+1], 1)
	}
	r, err := Parse("edited.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// A new release manager, a second identity for a series and a workload
// identity each are a change of data only.

func TestDataOnlyNewReleaseManager(t *testing.T) {
	r := edit(t,
		"  thomas-wouters: {name: Thomas Wouters, github: Yhg1s}\n", "  thomas-wouters: {name: Thomas Wouters, github: Yhg1s}\n  zoe: Zoe Example\n",
		"identities:\n", "identities:\n  zoe: {person: zoe, san: zoe@python.org, issuer: https://github.com/login/oauth}\n",
		"# Kinds of", "  - {series: 3.18..3.19, pgp: none, sigstore: [zoe], why: PEP 761}\n# Kinds of")
	e := r.Expect(name(t, "Python-3.19.0a1.tgz"))
	id := sigstore.Identity{SAN: "zoe@python.org", Issuer: github}
	if !e.Known || e.PGP != None || e.Sigstore != Required || len(e.Identities) != 1 || e.Identities[0] != id {
		t.Errorf("%+v", e)
	}
	if p, series, ok := r.Identified(id); !ok || p.ID != "zoe" || len(series) != 2 {
		t.Errorf("%+v %v %t", p, series, ok)
	}
}

func TestDataOnlySecondIdentity(t *testing.T) {
	r := edit(t, "{series: 3.14..3.15, pgp: none, sigstore: [hugo],", "{series: 3.14..3.15, pgp: none, sigstore: [hugo, savannah],")
	want := []sigstore.Identity{{SAN: "hugo@python.org", Issuer: github}, {SAN: "savannah@python.org", Issuer: github}}
	if diff := cmp.Diff(want, r.Expect(name(t, "Python-3.14.5.tgz")).Identities); diff != "" {
		t.Error(diff)
	}
}

func TestDataOnlyWorkloadIdentity(t *testing.T) {
	const pattern = `https://github\.com/python/release-tools/\.github/workflows/release\.yml@refs/tags/v.*`
	const actions = "https://token.actions.githubusercontent.com"
	r := edit(t,
		"identities:\n", "identities:\n  release-workflow: {pattern: '"+pattern+"', issuer: "+actions+"}\n",
		"  - {series: 3.12..3.13, source: [TW], windows: [SD], macos: [ND2], sigstore: [thomas]}\n",
		"  - {series: 3.12, source: [TW], windows: [SD], macos: [ND2], sigstore: [thomas]}\n"+
			"  - {series: 3.13, source: [TW], windows: [SD], macos: [ND2], sigstore: {first: [thomas], 3.13.20: [thomas, release-workflow]}}\n")
	want := Expectation{
		PGP: Required, PGPReason: "source files of 3.13 are signed with PGP",
		Sigstore: Required, SigstoreReason: "every release of 3.13 is signed with Sigstore",
		Signers:    []pgp.Fingerprint{"7169605F62C751356D054A26A821E680E5FA6305"},
		Identities: []sigstore.Identity{{SAN: "thomas@python.org", Issuer: google}},
		SamePerson: true,
		Known:      true,
	}
	if diff := cmp.Diff(want, r.Expect(name(t, "Python-3.13.19.tgz"))); diff != "" {
		t.Errorf("before the workflow: %s", diff)
	}
	want.Patterns = []sigstore.Pattern{{SAN: pattern, Issuer: actions}}
	want.SamePerson = false // a workload is nobody in particular
	if diff := cmp.Diff(want, r.Expect(name(t, "Python-3.13.20.tgz"))); diff != "" {
		t.Errorf("with the workflow: %s", diff)
	}

	const san = "https://github.com/python/release-tools/.github/workflows/release.yml@refs/tags/v1"
	if p, series, ok := r.Identified(sigstore.Identity{SAN: san, Issuer: actions}); !ok || p != (Person{Name: "release-workflow"}) || len(series) != 1 {
		t.Errorf("the workflow: %+v %v %t", p, series, ok)
	}
	for _, id := range []sigstore.Identity{
		{SAN: san, Issuer: github},
		{SAN: "x" + san, Issuer: actions},
		{SAN: strings.Replace(san, "release.yml", "releaseXyml", 1), Issuer: actions},
		{SAN: strings.Replace(san, "/tags/", "/heads/", 1), Issuer: actions},
		{SAN: san + "\nx", Issuer: actions},
	} {
		if _, _, ok := r.Identified(id); ok {
			t.Errorf("%v passes for the workflow", id)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(embeddedRoster)
	f.Add([]byte(small))
	f.Add([]byte("series: {a: [*x, &x {}]}\n? [a]\n: !!binary x"))
	f.Add([]byte("people: {<<: {a: b}}\nkeys: [1]\nversion: ~"))
	f.Add([]byte(strings.ReplaceAll(small, "3.10", "0.0")))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := Parse("fuzz.yaml", data)
		if (r == nil) == (err == nil) {
			t.Fatal("neither a roster nor an error, or both")
		}
		if err != nil {
			for line := range strings.Lines(err.Error()) {
				if !strings.HasPrefix(line, "fuzz.yaml:") {
					t.Errorf("an error without its line: %q", line)
				}
			}
			return
		}
		// Whatever was accepted pins only what it shows.
		for _, s := range r.Series() {
			n := name(t, "Python-3.10.5.tgz")
			n.Version.Major, n.Version.Minor = s.Major, s.Minor
			e := r.Expect(n)
			if !e.Known || e.PGPReason == "" || e.SigstoreReason == "" {
				t.Errorf("%s: %+v", s, e)
			}
			if e.PGP == Required && len(e.Signers) == 0 || e.Sigstore == Required && len(e.Identities)+len(e.Patterns) == 0 {
				t.Errorf("%s: required, but nobody may sign: %+v", s, e)
			}
			for _, f := range e.Signers {
				if _, ok := r.Key(f); !ok {
					t.Errorf("signer %s is not pinned", f)
				}
			}
		}
	})
}
