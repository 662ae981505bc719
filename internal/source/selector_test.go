package source

import (
	"os"
	"strings"
	"testing"

	"migrate/internal/release"
)

func version(t *testing.T, s string) release.Version {
	t.Helper()
	v, err := release.ParseVersion(s)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestSelector(t *testing.T) {
	all := []string{"2.0.1", "3.2.0", "3.9.25", "3.10.0", "3.10.1", "3.12.3", "3.12.4rc1", "3.12.4", "3.13.0", "3.13.2", "3.13.5", "3.14.0a1", "3.14.0rc1", "3.14.0", "4.0.0"}
	for _, tt := range []struct {
		arg    string
		text   string
		finals string
		more   string // with pre-releases
	}{
		{"3.13.5", "3.13.5", "3.13.5", ""},
		{"3.14.0rc1", "3.14.0rc1", "3.14.0rc1", ""},
		{"3.14rc1", "3.14.0rc1", "3.14.0rc1", ""},
		{"3.2.0", "3.2.0", "3.2.0", ""},
		{"3.2", "3.2", "3.2.0", ""},
		{"3.12", "3.12", "3.12.3 3.12.4", "3.12.3 3.12.4rc1 3.12.4"},
		{"3.14", "3.14", "3.14.0", "3.14.0a1 3.14.0rc1 3.14.0"},
		{"3.10..3.12", "3.10..3.12", "3.10.0 3.10.1 3.12.3 3.12.4", "3.10.0 3.10.1 3.12.3 3.12.4rc1 3.12.4"},
		{"3.12.4..3.13.2", "3.12.4..3.13.2", "3.12.4 3.13.0 3.13.2", ""},
		{"3.12.4rc1..3.13.0", "3.12.4rc1..3.13.0", "3.12.4 3.13.0", "3.12.4rc1 3.12.4 3.13.0"},
		{"3.13.5..3.14", "3.13.5..3.14", "3.13.5 3.14.0", "3.13.5 3.14.0a1 3.14.0rc1 3.14.0"},
		{"3.13..3.13", "3.13..3.13", "3.13.0 3.13.2 3.13.5", ""},
		{"3.13.5..3.13.5", "3.13.5..3.13.5", "3.13.5", ""},
		{"3.14.0a1..3.14.0rc1", "3.14.0a1..3.14.0rc1", "", "3.14.0a1 3.14.0rc1"},
		{"all", "all", "2.0.1 3.2.0 3.9.25 3.10.0 3.10.1 3.12.3 3.12.4 3.13.0 3.13.2 3.13.5 3.14.0 4.0.0", strings.Join(all, " ")},
		{"3.99", "3.99", "", ""},
	} {
		s, err := ParseSelector(tt.arg)
		if err != nil {
			t.Error(err)
			continue
		}
		if s.String() != tt.text {
			t.Errorf("%s: String() = %q, want %q", tt.arg, s, tt.text)
		}
		if again, err := ParseSelector(s.String()); again != s || err != nil {
			t.Errorf("%s: read again: %+v, %v; want %+v", tt.arg, again, err, s)
		}
		if tt.more == "" {
			tt.more = tt.finals
		}
		for _, pre := range []bool{false, true} {
			var got []string
			for _, v := range all {
				if s.Has(version(t, v), pre) {
					got = append(got, v)
					if !s.reaches(version(t, v).Final(), pre) {
						t.Errorf("%s, %t: has %s and does not reach its folder", tt.arg, pre, v)
					}
				}
			}
			want := tt.finals
			if pre {
				want = tt.more
			}
			if strings.Join(got, " ") != want {
				t.Errorf("%s, %t: has %q, want %q", tt.arg, pre, got, want)
			}
		}
	}
	if (Selector{}).Has(release.Version{}, true) || (Selector{}).reaches(release.Version{}, true) {
		t.Error("the zero Selector has a release")
	}
	if s, _ := ParseSelector("3.13"); s.reaches(version(t, "3.12.4"), true) || s.reaches(version(t, "3.14.0"), true) {
		t.Error("3.13 reaches other series")
	}
}

func TestParseSelectorErrors(t *testing.T) {
	for arg, want := range map[string]string{
		"":                 "write a version",
		"3":                "write a version",
		"three":            "write a version",
		"3.10..":           "write a version",
		"..3.10":           "write a version",
		"..":               "write a version",
		"3.10..3.11..3.12": "write a version",
		"3.10...3.12":      "write a version",
		"3.10 .. 3.12":     "write a version",
		" 3.13":            "write a version",
		"3.13.5\n":         "write a version",
		"3.13.5.post1":     "write a version",
		"ALL":              "or all",
		"all..3.10":        "write a version",
		"3.14..3.10":       "its end comes before its start",
		"3.13.5..3.13.4":   "its end comes before its start",
		"3.13.5\x1b[2J":    "write a version",
	} {
		s, err := ParseSelector(arg)
		if err == nil || !strings.Contains(err.Error(), want) || strings.ContainsAny(err.Error(), "\n\x1b") {
			t.Errorf("ParseSelector(%q) = %v, %v; want an error with %q, on one line", arg, s, err, want)
		}
	}
}

// What lies here comes before releases.
func TestReleases(t *testing.T) {
	t.Chdir(t.TempDir())
	if s, ok := Releases("3.13"); !ok || s.String() != "3.13" {
		t.Errorf("Releases: %v, %t", s, ok)
	}
	if err := os.Symlink("nowhere", "3.13"); err != nil {
		t.Fatal(err)
	}
	for _, arg := range []string{"3.13", "mirror", "3.14..3.10"} {
		if s, ok := Releases(arg); ok {
			t.Errorf("Releases(%q) = %v", arg, s)
		}
	}
}

func TestParseKinds(t *testing.T) {
	k, err := ParseKinds([]string{"source", "windows-installer", "macos"})
	if err != nil {
		t.Fatal(err)
	}
	for file, want := range map[string]bool{
		"Python-3.13.5.tgz": true, "python-3.13.5-amd64.exe": true, "python-3.13.5-macos11.pkg": true,
		"python-3.13.5-embed-amd64.zip": false, "windows-3.13.5.json": false, "python-3.15.0b1-iOS-XCframework.tar.gz": false,
	} {
		n, ok := release.ParseName(file)
		if !ok {
			t.Fatal(file)
		}
		if k.Has(n) != want {
			t.Errorf("%s: %t, want %t", file, !want, want)
		}
		if !(Kinds{}).Has(n) {
			t.Errorf("%s is not among all", file)
		}
		for _, name := range []string{string(n.Role), string(n.Kind)} {
			if k, err := ParseKinds([]string{name}); err != nil || !k.Has(n) {
				t.Errorf("%s is no %s: %v", file, name, err)
			}
		}
	}
	if _, err := ParseKinds([]string{"source", "windows-x\x1b"}); err == nil || !strings.Contains(err.Error(), `no such kind of artifact: "windows-x\x1b" (want source, windows, `) {
		t.Errorf("error %v", err)
	}
}

// FuzzParseSelector: whatever is read is written as it would be read again, and
// chooses the same releases.
func FuzzParseSelector(f *testing.F) {
	for _, arg := range []string{
		"3.13.5", "3.14.0rc1", "3.14rc1", "3.13", "3.10..3.14", "3.12.4..3.13.2", "3.14.0a1..3.14.0rc1", "all", "2.0",
		"", "..", "3.13..", "..3.13", "3.14..3.13", "3.13...3.14", "3..4", "v3.13", " 3.13", "3.13.5.dev1", "1!3.13", "3.99999999999999999999", "-3.1", "ALL",
	} {
		f.Add(arg, "3.13.5")
		f.Add(arg, "3.14.0a1")
	}
	f.Fuzz(func(t *testing.T, arg, of string) {
		s, err := ParseSelector(arg)
		if err != nil {
			if s != (Selector{}) || strings.ContainsAny(err.Error(), "\n\x1b") {
				t.Fatalf("%+v with %q", s, err)
			}
			return
		}
		again, err := ParseSelector(s.String())
		if err != nil || again.String() != s.String() {
			t.Fatalf("%q is written %q, which is read %+v, %v", arg, s, again, err)
		}
		v, err := release.ParseVersion(of)
		if err != nil {
			return
		}
		for _, pre := range []bool{false, true} {
			has := s.Has(v, pre)
			if has != again.Has(v, pre) {
				t.Fatalf("%q and %q differ about %s", arg, s, v)
			}
			final := v
			final.Pre, final.PreN = "", 0
			if has && !s.reaches(final, pre) {
				t.Fatalf("%q has %s, and does not look into its directory", arg, v)
			}
		}
		if s.Has(v, false) && !s.Has(v, true) {
			t.Fatalf("%q has %s only without pre-releases", arg, v)
		}
	})
}
