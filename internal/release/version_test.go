package release

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	pep440 "github.com/aquasecurity/go-pep440-version"
)

func TestParseVersion(t *testing.T) {
	tests := []struct {
		in, want, series, dir string
		v                     Version
	}{
		{"3.13.5", "3.13.5", "3.13", "3.13.5", Version{3, 13, 5, "", 0}},
		{"3.14.0a1", "3.14.0a1", "3.14", "3.14.0", Version{3, 14, 0, "a", 1}},
		{"3.14.0b3", "3.14.0b3", "3.14", "3.14.0", Version{3, 14, 0, "b", 3}},
		{"3.14.0rc2", "3.14.0rc2", "3.14", "3.14.0", Version{3, 14, 0, "rc", 2}},
		{"3.14.0c2", "3.14.0rc2", "3.14", "3.14.0", Version{3, 14, 0, "rc", 2}},
		{"v3.14.0-RC.2", "3.14.0rc2", "3.14", "3.14.0", Version{3, 14, 0, "rc", 2}},
		{" 3.13.5 ", "3.13.5", "3.13", "3.13.5", Version{3, 13, 5, "", 0}},
		{"3.013.5", "3.13.5", "3.13", "3.13.5", Version{3, 13, 5, "", 0}},
		{"3.13", "3.13.0", "3.13", "3.13.0", Version{3, 13, 0, "", 0}},
		{"3.3", "3.3.0", "3.3", "3.3.0", Version{3, 3, 0, "", 0}},
		{"3.2", "3.2.0", "3.2", "3.2", Version{3, 2, 0, "", 0}},
		{"3.2rc1", "3.2.0rc1", "3.2", "3.2", Version{3, 2, 0, "rc", 1}},
		{"3.2.1", "3.2.1", "3.2", "3.2.1", Version{3, 2, 1, "", 0}},
		{"2.7", "2.7.0", "2.7", "2.7", Version{2, 7, 0, "", 0}},
		{"2.7.18", "2.7.18", "2.7", "2.7.18", Version{2, 7, 18, "", 0}},
	}
	for _, tt := range tests {
		v, err := ParseVersion(tt.in)
		if err != nil {
			t.Errorf("ParseVersion(%q): %v", tt.in, err)
			continue
		}
		if v != tt.v || v.String() != tt.want || v.Series().String() != tt.series || v.Dir() != tt.dir {
			t.Errorf("ParseVersion(%q) = %+v, %q, series %q, directory %q; want %q, %q, %q",
				tt.in, v, v.String(), v.Series(), v.Dir(), tt.want, tt.series, tt.dir)
		}
		if v.IsPre() != (tt.v.Pre != "") || v.Final().IsPre() || v.Final().Dir() != tt.dir {
			t.Errorf("%s: IsPre %v, Final %s", v, v.IsPre(), v.Final())
		}
	}
}

func TestParseVersionRefuses(t *testing.T) {
	for _, in := range []string{
		"", " ", "3", "3.", ".3", "3.13.5.1", "3.x", "three", "3.13.5\n3.13.6", "3.13.5.post1",
		"3.13.5.dev0", "3.13.5a1.dev2", "3.13.5+local", "1!3.13.5", "3.13.5..3.14", "-3.13", "3.13.-5",
		"3.9999999", "3.99999999999999999999999", "../3.13.5", "3.13.5/..", "3.13.5 rc", "٣.١٣",
		strings.Repeat("1.", 1<<16) + "1",
	} {
		v, err := ParseVersion(in)
		if err == nil {
			t.Errorf("ParseVersion(%.80q) = %v, want an error", in, v)
			continue
		}
		if msg := err.Error(); !strings.Contains(msg, "is not a CPython version: write it like 3.13.5") ||
			strings.ContainsAny(msg, "\n\r") || len(msg) > 400 {
			t.Errorf("ParseVersion(%.80q): error %.400q", in, msg)
		}
	}
}

// ordered is in PEP 440's order.
var ordered = []string{
	"2.0.1", "2.7.0", "2.7.2", "2.7.10", "3.0.0", "3.9.0a1", "3.9.0a2", "3.9.0a10", "3.9.0b1", "3.9.0rc1",
	"3.9.0", "3.9.1rc1", "3.9.1", "3.9.10", "3.10.0a1", "3.10.0", "3.14.0rc3", "3.14.0", "4.0.0a0",
}

func TestVersionCompare(t *testing.T) {
	for i, a := range ordered {
		for j, b := range ordered {
			v, w := mustVersion(t, a), mustVersion(t, b)
			// The library that parses is the judge of the order.
			want := pep440.MustParse(a).Compare(pep440.MustParse(b))
			if got := v.Compare(w); got != want || (got < 0) != (i < j) || (got == 0) != (i == j) {
				t.Errorf("Compare(%s, %s) = %d, want %d", a, b, got, want)
			}
			if got := v.Series().Compare(w.Series()); got > 0 && i < j {
				t.Errorf("series of %s after that of %s", a, b)
			}
		}
	}
}

func mustVersion(t *testing.T, s string) Version {
	t.Helper()
	v, err := ParseVersion(s)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestVersionText(t *testing.T) {
	type doc struct {
		Version Version
		Series  Series
	}
	in := doc{Version{3, 14, 0, "rc", 2}, Series{3, 14}}
	data, err := json.Marshal(in)
	if err != nil || string(data) != `{"Version":"3.14.0rc2","Series":"3.14"}` {
		t.Fatalf("Marshal = %s, %v", data, err)
	}
	var out doc
	if err := json.Unmarshal(data, &out); err != nil || out != in {
		t.Errorf("Unmarshal(%s) = %+v, %v", data, out, err)
	}
	for _, bad := range []string{`{"Version":"3"}`, `{"Series":"3.14.0"}`, `{"Version":3.14}`} {
		out := in
		if err := json.Unmarshal([]byte(bad), &out); err == nil {
			t.Errorf("Unmarshal(%s) = %+v, want an error", bad, out)
		} else if out != in {
			t.Errorf("Unmarshal(%s) changed the value: %+v", bad, out)
		}
	}
	for _, v := range []Version{{3, 14, 0, "x", 1}, {3, 14, 0, "", 1}, {-3, 14, 0, "", 0}, {3, 14, -1, "a", 1}} {
		if text, err := v.MarshalText(); err == nil {
			t.Errorf("MarshalText(%#v) = %s, want an error", v, text)
		}
	}
	if text, err := (Series{-3, 1}).MarshalText(); err == nil {
		t.Errorf("MarshalText of series -3.1 = %s, want an error", text)
	}
}

func TestParseSeries(t *testing.T) {
	if s, err := ParseSeries("3.13"); err != nil || s != (Series{3, 13}) {
		t.Errorf("ParseSeries(3.13) = %v, %v", s, err)
	}
	for _, in := range []string{"", "3", "3.13.5", "3.x", "03.1", "3.013", " 3.13", "3.13\n", "-3.1", "3.13rc1", "3.9999999"} {
		if s, err := ParseSeries(in); err == nil {
			t.Errorf("ParseSeries(%q) = %v, want an error", in, s)
		} else if !strings.Contains(err.Error(), "write it like 3.13") {
			t.Errorf("ParseSeries(%q): %v, want the remedy", in, err)
		}
	}
	in := []Series{{3, 10}, {3, 9}, {2, 7}, {3, 0}}
	slices.SortFunc(in, Series.Compare)
	if want := []Series{{2, 7}, {3, 0}, {3, 9}, {3, 10}}; !slices.Equal(in, want) {
		t.Errorf("sorted: %v, want %v", in, want)
	}
}

func FuzzParseVersion(f *testing.F) {
	for _, s := range append([]string{"3.2", "v3.14.0-rc.2", "3.13.5.post1", "1!3.1", "3.13.5+x", "", "3.1٣"}, ordered...) {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		v, err := ParseVersion(s)
		if err != nil {
			if strings.ContainsAny(err.Error(), "\n\r\x1b") {
				t.Errorf("ParseVersion(%q): unescaped error %q", s, err)
			}
			return
		}
		if w, err := ParseVersion(v.String()); err != nil || w != v {
			t.Errorf("%q is %v, which reads back as %v, %v", s, v, w, err)
		}
		if text, err := v.MarshalText(); err != nil || string(text) != v.String() {
			t.Errorf("%q: MarshalText = %q, %v", s, text, err)
		}
		if w, err := ParseVersion(v.Dir()); err != nil || w != v.Final() {
			t.Errorf("%q: directory %q is that of %v, %v", s, v.Dir(), w, err)
		}
		if v.Final().Compare(v) < 0 || v.Compare(v) != 0 {
			t.Errorf("%q: %v sorts after its final release", s, v)
		}
	})
}
