package clients

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// small is a table that holds.
const small = `version: 2026-11-22
clients:
  - name: cosign
    source: its releases
    accepts:
      - {need: bundle-v0.1, first: 2.4.0}
      - {need: bundle-v0.2, first: 2.4.0}
      - {need: bundle-v0.3-parameter, first: 2.4.0}
      - {need: bundle-v0.3, first: 2.4.0}
      - {need: no-checkpoint, first: never}
      - {need: p384-sha256, first: always, note: a note}
      - {need: rfc3161-timestamp, first: 2.4.0, refused: 3.0.0, source: its code}
      - {need: rekor-v2, first: 2.6.0}
    flags:
      - {flag: --new-bundle-format, from: 2.4.0, until: 2.4.1}
packages:
  - {client: cosign, distribution: Debian, release: trixie, package: cosign, version: 2.5.0, source: its pages}
`

func TestParse(t *testing.T) {
	table, err := Parse("a.yaml", []byte(small))
	if err != nil {
		t.Fatal(err)
	}
	if table.Source() != "a.yaml" || table.Version() != "2026-11-22" || len(table.SHA256()) != 64 || !slices.Equal(table.Names(), []string{"cosign"}) {
		t.Errorf("%s %s %s %v", table.Source(), table.Version(), table.SHA256(), table.Names())
	}
}

func TestParseRefuses(t *testing.T) {
	for _, tt := range []struct{ name, old, new, want string }{
		{"no date", "version: 2026-11-22", "version: yesterday", `t.yaml:1: version "yesterday" is not a date; write it like 2026-11-22`},
		{"no version", "version: 2026-11-22\n", "", "t.yaml:1: version is not there; add it"},
		{"a name of another form", "name: cosign", "name: Cosign!", `t.yaml:3: the name of a client "Cosign!": write it like sigstore-python`},
		{"no name", "  - name: cosign\n    source", "  - source", "t.yaml:3: the name of a client is not there; add it"},
		{"no source", "    source: its releases\n", "", "t.yaml:3: the source of client cosign is not there; add it"},
		{"an empty source", "source: its releases", "source: ''", "t.yaml:4: the source of client cosign is empty; fill it in"},
		{"no row for a need", "      - {need: rekor-v2, first: 2.6.0}\n", "", "t.yaml:3: client cosign has no row for rekor-v2; add it, with first: unknown if nobody knows"},
		{"two rows for a need", "need: bundle-v0.2", "need: bundle-v0.1", "t.yaml:7: client cosign has two rows for bundle-v0.1; keep one"},
		{"a need that is none", "need: rekor-v2", "need: rekor-v3", `t.yaml:13: "rekor-v3" is no need; there are [bundle-v0.1`},
		{"what is never in a table", "need: rekor-v2", "need: unlisted", `t.yaml:13: "unlisted" is no need`},
		{"two numbers", "{need: rekor-v2, first: 2.6.0}", "{need: rekor-v2, first: 2.6}", `t.yaml:13: first: "2.6" is no version; write all three numbers, like 2.4.0`},
		{"another word", "first: always", "first: yes", `t.yaml:11: first: "yes" is no version`},
		{"no first", "{need: rekor-v2, first: 2.6.0}", "{need: rekor-v2}", "t.yaml:13: first is not there; add it"},
		{"a list of versions", "{need: rekor-v2, first: 2.6.0}", "{need: rekor-v2, first: [2.6.0]}", "t.yaml:13: first must be a single value"},
		{"null", "{need: rekor-v2, first: 2.6.0}", "{need: rekor-v2, first: null}", "t.yaml:13: first is empty; fill it in"},
		{"refused before it was accepted", "refused: 3.0.0", "refused: 2.4.0", "t.yaml:12: it is refused from 2.4.0 on, and accepted first by 2.4.0"},
		{"refused and never accepted", "first: never", "first: never, refused: 3.0.0", "t.yaml:10: what no version accepts cannot be refused again; remove refused"},
		{"a flag that is none", "flag: --new-bundle-format", "flag: ; rm -rf", `t.yaml:15: a flag "; rm -rf": write it like --new-bundle-format`},
		{"a range the wrong way round", "until: 2.4.1", "until: 2.3.9", "t.yaml:15: flag --new-bundle-format is needed from 2.4.0 until 2.3.9, which is before it"},
		{"no until", ", until: 2.4.1", "", "t.yaml:15: until is not there; add it"},
		{"a flag for what is no need", "until: 2.4.1", "until: 2.4.1, needs: [x]", `t.yaml:15: "x" is no need`},
		{"a package of an unknown client", "client: cosign", "client: gpgv", `t.yaml:17: no client is called "gpgv": there are cosign`},
		{"a package without source", ", source: its pages", "", "t.yaml:17: the source of a package is not there; add it"},
		{"a package without version", "version: 2.5.0, ", "", "t.yaml:17: version is not there; add it"},
		{"or later in other words", "version: 2.5.0", "version: 2.5.0, or-later: maybe", "t.yaml:17: or-later can only be yes; leave it out otherwise"},
		{"none or later", "version: 2.5.0", "version: none, or-later: yes", "t.yaml:17: there is no package, and so none that is later; remove or-later"},
		{"an unknown field", "source: its releases", "source: its releases\n    licence: x", `t.yaml:5: there is no field "licence" here; remove it`},
		{"a field twice", "source: its releases", "source: its releases\n    source: x", `t.yaml:5: "source" stands twice, first in line 4; keep one`},
		{"a client twice", "packages:\n", clientAgain(), "t.yaml:16: client cosign has a row already; keep one"},
		{"another kind of value", "packages:\n  - {", "packages: x # {", "t.yaml:16: a value of this kind does not belong here"},
		{"an alias", "source: its releases", "source: &a its releases", "t.yaml:4: anchors and aliases are not allowed in a table; write the value out"},
		{"a merge", "    source: its releases", "    <<: {source: its releases}", "t.yaml:4: anchors and aliases are not allowed"},
		{"a second document", "packages:", "---\npackages:", "t.yaml:16: a second document begins here; a table is one document"},
		{"an escape sequence", "source: its releases", `source: "a\e[31mb"`, `t.yaml:4: the source of client cosign has a character that cannot be shown: "a\x1b[31mb"; remove it`},
		{"an override", "distribution: Debian", `distribution: "a\u202eb"`, `t.yaml:17: distribution has a character that cannot be shown: "a\u202eb"; remove it`},
		{"a line break", "distribution: Debian", `distribution: "a\nb"`, `t.yaml:17: distribution has a character that cannot be shown: "a\nb"; remove it`},
		{"a long text", "distribution: Debian", "distribution: " + strings.Repeat("x", 301), "t.yaml:17: distribution is longer than 300 bytes; shorten it"},
		{"no YAML", "packages:", "\tpackages:", "is not YAML"},
	} {
		edited := strings.Replace(small, tt.old, tt.new, 1)
		if edited == small {
			t.Fatalf("%s: nothing to replace", tt.name)
		}
		table, err := Parse("t.yaml", []byte(edited))
		if err == nil || table != nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %s", tt.name, err, tt.want)
		}
	}
	for data, want := range map[string]string{
		"":                                  "t.yaml:1: the table of clients is empty; write version, clients and packages",
		"# nothing":                         "t.yaml:1: the table of clients is empty",
		"[]":                                "t.yaml:1: the table of clients must be a mapping",
		"null":                              "t.yaml:1: the table of clients must be a mapping",
		"version: 2026-11-22":               "t.yaml:1: clients is not there or empty; add it",
		strings.Repeat("#", maxTableSize+1): fmt.Sprintf("t.yaml:1: the table has %d bytes; more than %d cannot be one", maxTableSize+1, maxTableSize),
	} {
		if _, err := Parse("t.yaml", []byte(data)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.20q: %v, want %s", data, err, want)
		}
	}
}

// clientAgain has the client's row of small a second time.
func clientAgain() string {
	_, rest, _ := strings.Cut(small, "clients:\n")
	row, _, _ := strings.Cut(rest, "packages:")
	return row + "packages:\n"
}

// Every mistake is told, in the order of lines.
func TestParseTellsAll(t *testing.T) {
	_, err := Parse("t.yaml", []byte(strings.NewReplacer("2026-11-22", "x", "first: never", "first: no", "Debian", "''").Replace(small)))
	if err == nil {
		t.Fatal("no error")
	}
	var lines []string
	for l := range strings.Lines(err.Error()) {
		lines = append(lines, l[:strings.Index(l, ": ")])
	}
	if want := []string{"t.yaml:1", "t.yaml:10", "t.yaml:17"}; !slices.Equal(lines, want) {
		t.Errorf("%v, want %v:\n%v", lines, want, err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add(embedded)
	f.Add([]byte(small))
	f.Add([]byte("clients: [{accepts: [{need: *x, first: &x {}}]}]\n? [a]\n: !!binary x"))
	f.Add([]byte("clients: {<<: {a: b}}\npackages: [1]\nversion: ~"))
	f.Add([]byte(strings.ReplaceAll(small, "2.4.0", "0.0.0-0")))
	f.Fuzz(func(t *testing.T, data []byte) {
		table, err := Parse("fuzz.yaml", data)
		if (table == nil) == (err == nil) {
			t.Fatal("neither a table nor an error, or both")
		}
		if err != nil {
			for line := range strings.Lines(err.Error()) {
				if !strings.HasPrefix(line, "fuzz.yaml:") {
					t.Errorf("an error without its line: %q", line)
				}
			}
			return
		}
		// Whatever was accepted agrees with itself: the lowest version that is
		// said to accept something does, and what no version accepts none does.
		for _, name := range table.Names() {
			for _, needed := range [][]Need{{BundleV03}, {BundleV01, P384SHA256}, needs} {
				a, err := table.First(name, needed)
				if err != nil {
					t.Fatal(err)
				}
				v := Version{name, higher(a.Min, "0.0.1")}
				check, err := table.Check(v, needed)
				if err != nil {
					t.Fatal(err)
				}
				want := Accepts
				switch {
				case len(a.Never) > 0:
					want = Refuses
				case a.Below != "" && compare(v.Version, a.Below) >= 0:
					want = Refuses
				case len(a.Unknown) > 0:
					want = Unknown
				}
				if check.Status != want && len(a.Never) == 0 {
					t.Errorf("%s for %v: %s, and from %s on: %+v", v, needed, check.Status, a.Min, a)
				}
				if len(a.Never) > 0 && check.Status == Accepts {
					t.Errorf("%s for %v is accepted, and %v never is", v, needed, a.Never)
				}
			}
		}
	})
}
