package report

import (
	"encoding/csv"
	"encoding/json"
	"strings"
	"testing"
)

func parseCSV(t *testing.T, out string) []map[string]string {
	t.Helper()
	records, err := csv.NewReader(strings.NewReader(out)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var rows []map[string]string
	for _, r := range records[1:] {
		row := make(map[string]string)
		for i, name := range records[0] {
			row[name] = r[i]
		}
		rows = append(rows, row)
	}
	return rows
}

// Columns are named after fields of the JSON document and have their values.
func TestCSVColumns(t *testing.T) {
	d := New(sampleRun())
	rows := parseCSV(t, render(t, CSV, d))
	if len(rows) != len(d.Artifacts) {
		t.Fatalf("%d rows, want %d", len(rows), len(d.Artifacts))
	}
	root := parseSchema(t)
	own := map[string]bool{"highestLevel": true, "findings": true, "pgp.weaknesses": true}
	filled := make(map[string]bool)
	for i, row := range rows {
		var doc any
		text, err := json.Marshal(d.Artifacts[i])
		if err != nil {
			t.Fatal(err)
		}
		dec := json.NewDecoder(strings.NewReader(string(text)))
		dec.UseNumber()
		if err := dec.Decode(&doc); err != nil {
			t.Fatal(err)
		}
		for name, got := range row {
			filled[name] = filled[name] || got != ""
			if own[name] || seriesColumns[name] != nil {
				continue
			}
			v, n := doc, root.Defs["artifact"]
			for part := range strings.SplitSeq(name, ".") {
				m, _ := v.(map[string]any)
				v, n = m[part], n.Properties[part]
				if n.Ref != "" {
					n = root.def(n.Ref)
				}
			}
			if n.Type == "" && n.Enum == nil {
				t.Fatalf("column %s is no field of the document", name)
			}
			want := ""
			switch v := v.(type) {
			case string:
				want = v
			case json.Number:
				want = v.String()
			}
			if got != want {
				t.Errorf("row %d, %s: got %q, want %q", i, name, got, want)
			}
		}
	}
	for name := range rows[0] {
		switch name {
		case "upstream", "url", "pgp.weaknesses": // of which the sample has none
		default:
			if !filled[name] {
				t.Errorf("column %s is always empty", name)
			}
		}
	}
	first := rows[0]
	for name, want := range map[string]string{"readiness": "not-ready", "series.status": "end-of-life", "series.firstRelease": "2020-10-05", "series.endOfLife": "2025-10-31", "highestLevel": "error", "findings": "compare/conflict pgp/bad-signature"} {
		if first[name] != want {
			t.Errorf("%s: got %q, want %q", name, first[name], want)
		}
	}
}

// RFC 4180: each record on a line of its own that CRLF ends, the last one too,
// and as many fields in each.
func TestCSVLines(t *testing.T) {
	out := render(t, CSV, New(sampleRun()))
	if !strings.HasSuffix(out, "\r\n") || strings.Count(out, "\n") != strings.Count(out, "\r\n") {
		t.Errorf("lines do not end in CRLF:\n%q", out)
	}
	if got := render(t, CSV, New(Run{})); strings.Count(got, "\r\n") != 1 || !strings.HasPrefix(got, "series,readiness,version,name,") {
		t.Errorf("a report on nothing is %q, want the column names", got)
	}
	for _, c := range columns {
		if (c.value == nil) != (seriesColumns[c.name] != nil) {
			t.Errorf("column %s is of an artifact and of a series, or of neither", c.name)
		}
	}
}

func TestCSVFormulas(t *testing.T) {
	for in, want := range map[string]string{
		"":                    "",
		"Python-3.13.5.tgz":   "Python-3.13.5.tgz",
		"a=b+c-d@e":           "a=b+c-d@e",
		"thomas@python.org":   "thomas@python.org",
		"=cmd|' /C calc'!A0":  "'=cmd|' /C calc'!A0",
		"+1":                  "'+1",
		"-1":                  "'-1",
		"@SUM(A1)":            "'@SUM(A1)",
		"＝1":                  "'＝1",
		"＋1":                  "'＋1",
		"－1":                  "'－1",
		"＠1":                  "'＠1",
		"a;=1":                "a;'=1",
		`a",=1`:               `a",'=1`,
		"\t=1":                `\t=1`,
		"\r\n=1":              `\r\n=1`,
		"\u200b=1":            `\u200b=1`,
		" =1":                 `\x20=1`,
		"Łukasz <l@langa.pl>": "Łukasz <l@langa.pl>",
	} {
		if got := cellText(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}
