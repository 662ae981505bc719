package cycle

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"migrate/internal/release"
)

const row = `{"branch": "3.13", "pep": 719, "status": "bugfix", "first_release": "2024-10-07", "end_of_life": "2029-10", "release_manager": "Thomas Wouters"}`

// with returns the row with one of its fields replaced.
func with(field, value string) string {
	i := strings.Index(row, `"`+field+`"`)
	if i < 0 {
		panic(field)
	}
	end := i + strings.IndexAny(row[i:], ",}")
	return row[:i] + `"` + field + `": ` + value + row[end:]
}

func TestParse(t *testing.T) {
	c, err := Parse("https://peps.python.org/api/release-cycle.json", []byte(`{"3.13": `+row+`, "3.16": `+with("status", `""`)+`,
		"3.14": {"pep": 745, "status": "bugfix", "first_release": "2025-10-07", "end_of_life": "2030-10-31", "release_manager": "Zo\u00eb \u003cx\u003e",
		         "branch": "3.14", "end_of_bugfix": {"not": ["ours"]}}, "3.15t": [], "next": null}`))
	if err != nil {
		t.Fatal(err)
	}
	if c.Source() != "https://peps.python.org/api/release-cycle.json" || len(c.SHA256()) != 64 || !c.Date().IsZero() {
		t.Errorf("source %q, digest %q, date %q", c.Source(), c.SHA256(), c.Date())
	}
	for minor, want := range map[int]Row{
		13: {Bugfix, 719, Date{2024, time.October, 7}, Date{2029, time.October, 0}, "Thomas Wouters"},
		14: {Bugfix, 745, Date{2025, time.October, 7}, Date{2030, time.October, 31}, "Zoë <x>"},
		16: {"", 719, Date{2024, time.October, 7}, Date{2029, time.October, 0}, "Thomas Wouters"},
	} {
		if got, ok := c.Series(release.Series{Major: 3, Minor: minor}); !ok || got != want {
			t.Errorf("3.%d: %+v, %v; want %+v", minor, got, ok, want)
		}
	}
	if got := fmt.Sprintf("%q", c.Unrecognised()); got != `["3.15t" "next"]` {
		t.Errorf("not recognised: %s", got)
	}
}

func TestParseRefuses(t *testing.T) {
	in := func(row string) string { return `{"3.13": ` + row + `}` }
	many := func(n int) string {
		var rows []string
		for i := range n {
			rows = append(rows, fmt.Sprintf(`"3.%d": %s`, i, row))
		}
		return "{" + strings.Join(rows, ",") + "}"
	}
	tests := []struct{ name, data, want string }{
		{"nothing", "", "not a JSON object"},
		{"a page", "<!doctype html><title>503</title>", `not a JSON object: "<!doctype html><title>503</title>"`},
		{"a list", "[" + row + "]", "not a JSON object"},
		{"null", "null", "not a JSON object"},
		{"no rows", "{}", "it has no series"},
		{"nothing but strangers", `{"next": ` + row + `}`, "it has no series"},
		{"cut short", in(row)[:60], "unexpected EOF"},
		{"cut after a row", strings.TrimSuffix(in(row), "}"), "cut short"},
		{"more after it", in(row) + "{}", "more data after its end"},
		{"not UTF-8", "{\"3.13\xff\": 1}", "not valid UTF-8"},
		{"huge", in(row) + strings.Repeat(" ", MaxSize), "larger than 65536 bytes"},
		{"too many rows", many(maxRows + 1), "more than 200 rows"},
		{"deep", strings.Repeat(`{"3.13":`, 8000), "unexpected EOF"},
		{"deep in a field that does not count", in(strings.TrimSuffix(row, "}") + `, "x": ` + strings.Repeat("[", 12000) + strings.Repeat("]", 12000) + "}"), "exceeded max depth"},
		{"a row twice", `{"3.13": ` + row + `, "3.13": ` + row + `}`, `"3.13" is there twice`},
		{"a row twice, once escaped", `{"3.13": ` + row + `, "\u0033.13": ` + row + `}`, `"3.13" is there twice`},
		{"a row that is a list", in("[]"), "row 3.13: not a JSON object"},
		{"a row that is null", in("null"), "row 3.13: not a JSON object"},
		{"a field twice", in(strings.TrimSuffix(row, "}") + `, "pep": 1}`), `row 3.13: "pep" is there twice`},
		{"a field is missing", in(strings.Replace(row, `"pep"`, `"PEP"`, 1)), "row 3.13: it lacks pep"},
		{"no status", in(strings.Replace(row, `"status"`, `"x"`, 1)), "row 3.13: it lacks status"},
		{"another status", in(with("status", `"ex-release"`)), `row 3.13: status: no such status: "ex-release" (want one of feature, prerelease, bugfix, security, end-of-life)`},
		{"a status in capitals", in(with("status", `"Bugfix"`)), "no such status"},
		{"a status that is null", in(with("status", "null")), `row 3.13: status: "null" is not a string`},
		{"a status that is no string", in(with("status", "1")), `status: "1" is not a string`},
		{"a month 13", in(with("end_of_life", `"2029-13"`)), `row 3.13: end_of_life: "2029-13" is not a date: want one like 2025-10-31 or 2029-10`},
		{"a 30th of February", in(with("end_of_life", `"2029-02-30"`)), "is not a date"},
		{"a year alone", in(with("end_of_life", `"2029"`)), "is not a date"},
		{"a date and time", in(with("end_of_life", `"2029-10-01T00:00:00Z"`)), "is not a date"},
		{"a date with a sign", in(with("end_of_life", `"+2029-10-1"`)), "is not a date"},
		{"a short month", in(with("end_of_life", `"2029-1"`)), "is not a date"},
		{"no date", in(with("end_of_life", `""`)), `"" is not a date`},
		{"a year far ahead", in(with("end_of_life", `"9999-10"`)), "is not a date"},
		{"a year long ago", in(with("first_release", `"0001-01-01"`)), "row 3.13: first_release"},
		{"a hidden character", in(with("first_release", `"2024-10-07\u202e"`)), `"2024-10-07\u202e" is not a date`},
		{"a line end", in(with("first_release", `"2024-10\n"`)), `"2024-10\n" is not a date`},
		{"ended before it began", in(with("end_of_life", `"2024-09"`)), "row 3.13: its end of life, 2024-09, is before its first release, 2024-10-07"},
		{"a PEP that is a string", in(with("pep", `"719"`)), `row 3.13: pep: "\"719\"" is not the number of a PEP`},
		{"a PEP with a fraction", in(with("pep", "7.19")), "is not the number of a PEP"},
		{"a PEP beyond all", in(with("pep", "1e400")), "is not the number of a PEP"},
		{"a PEP below one", in(with("pep", "-1")), "is not the number of a PEP"},
		{"no PEP", in(with("pep", "null")), "is not the number of a PEP"},
		{"a manager who is a list", in(with("release_manager", `["x"]`)), "row 3.13: release_manager"},
		{"a manager with a long name", in(with("release_manager", `"`+strings.Repeat("x", maxText+1)+`"`)), "is longer than 200 bytes"},
		{"a branch that is a number", in(with("branch", "3")), `row 3.13: branch: "3" is not a string`},
	}
	for _, tt := range tests {
		c, err := Parse("x.json", []byte(tt.data))
		switch {
		case err == nil:
			t.Errorf("%s: taken: %+v", tt.name, c)
		case !strings.Contains(err.Error(), tt.want), !strings.HasPrefix(err.Error(), "release cycle of x.json: "):
			t.Errorf("%s: %v, want %s", tt.name, err, tt.want)
		case strings.Contains(err.Error(), "\n"), len(err.Error()) > 300:
			t.Errorf("%s: not one short line: %q", tt.name, err)
		}
	}
	if _, err := Parse("x", []byte(many(maxRows))); err != nil {
		t.Errorf("%d rows: %v", maxRows, err)
	}
}

func TestDate(t *testing.T) {
	for _, s := range []string{"2025-10-31", "2029-10", "1980-01-01", "2099-12", "2024-02-29"} {
		d := mustDate(t, s)
		text, err := d.MarshalText()
		if err != nil || string(text) != s || d.String() != s {
			t.Errorf("%s: %s, %s, %v", s, d, text, err)
		}
		var e Date
		if err := e.UnmarshalText(text); err != nil || e != d {
			t.Errorf("%s: read back as %s, %v", s, e, err)
		}
	}
	for _, d := range []Date{{}, {2025, 13, 1}, {2025, 2, 30}, {1, 1, 1}, {2025, 0, 1}} {
		if text, err := d.MarshalText(); err == nil {
			t.Errorf("%v became %s", d, text)
		}
	}
	if s := (Date{}).String(); s != "" {
		t.Errorf("no date is %q", s)
	}
	if (Date{}).PastAt(moment(t, "2099-01-01T00:00:00Z")) {
		t.Error("no date is past")
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{
		string(embedded), `{"3.13": ` + row + `}`, `{"3.13": ` + with("status", `""`) + `, "next": [{}]}`, `{"3.13": null}`, "{}", "[]", "", `{"3.13"`,
		`{"3.13": ` + with("end_of_life", `"2029-13"`) + `}`, `{"\ud800": 1, "3.13": ` + with("pep", "1e9") + `}`, `{"3.13": ` + row + `} `,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := Parse("x", data)
		if err != nil {
			if c != nil || strings.Contains(err.Error(), "\n") {
				t.Fatalf("%v with %q", c, err)
			}
			return
		}
		if len(c.rows) == 0 || len(c.rows) > maxRows || c.SHA256() != digest(data) {
			t.Fatalf("%d rows, digest %s", len(c.rows), c.SHA256())
		}
		for s, r := range c.rows {
			if r.EndOfLife.End().Before(r.FirstRelease.Start()) || r.PEP < 1 {
				t.Fatalf("%s: %+v", s, r)
			}
			for _, d := range []Date{r.FirstRelease, r.EndOfLife} {
				if text, err := d.MarshalText(); err != nil {
					t.Fatalf("%s: %s, %v", s, text, err)
				}
			}
			if got := r.StatusAt(r.EndOfLife.End()); got != EndOfLife {
				t.Fatalf("%s is %q after its end of life", s, got)
			}
		}
	})
}
