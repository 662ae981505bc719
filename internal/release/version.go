package release

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"

	pep440 "github.com/aquasecurity/go-pep440-version"
)

// Version is a CPython version. It is comparable with ==.
type Version struct {
	Major, Minor, Micro int
	Pre                 string // "a", "b", "rc", or "" for a final release
	PreN                int
}

// Series is a release series such as 3.13. It is comparable with ==.
type Series struct{ Major, Minor int }

// maxVersionText bounds what ParseVersion and ParseSeries look at.
const maxVersionText = 64

// normalForm is PEP 440's normal form of the versions CPython uses: two or
// three numbers and perhaps a pre-release; no epoch, post, dev or local part.
var normalForm = regexp.MustCompile(`^(\d{1,6})\.(\d{1,6})(?:\.(\d{1,6}))?(?:(a|b|rc)(\d{1,6}))?$`)

// preOrder is the order of the pre-release letters; a final release is last.
var preOrder = []string{"a", "b", "rc", ""}

// firstFullZero is the first series whose x.y.0 release is spelled with the
// zero in file names and directories.
var firstFullZero = Series{3, 3}

// ParseVersion reads a CPython version such as "3.13.5" or "3.14.0rc2", in any
// spelling that PEP 440 normalises to one; "3.2" is 3.2.0. It refuses the parts
// of PEP 440 that no CPython release has: epoch, post, dev and local.
func ParseVersion(s string) (Version, error) {
	var m []string
	if len(s) <= maxVersionText {
		if p, err := pep440.Parse(s); err == nil {
			m = normalForm.FindStringSubmatch(p.String())
		}
	}
	if m == nil {
		return Version{}, fmt.Errorf("%q is not a CPython version: write it like 3.13.5 or 3.14.0rc2", clip(s))
	}
	return Version{number(m[1]), number(m[2]), number(m[3]), m[4], number(m[5])}, nil
}

// number is the value of a few decimal digits, 0 for none.
func number(digits string) int {
	n, _ := strconv.Atoi(digits) // the patterns let nothing else through
	return n
}

// clip shortens a text from outside for an error message.
func clip(s string) string {
	if len(s) > maxVersionText {
		return s[:maxVersionText] + "..."
	}
	return s
}

// String returns the canonical form, always with three numbers: "3.13.5",
// "3.14.0a1", "3.2.0".
func (v Version) String() string {
	s := fmt.Sprintf("%d.%d.%d", v.Major, v.Minor, v.Micro)
	if v.Pre != "" {
		s += v.Pre + strconv.Itoa(v.PreN)
	}
	return s
}

// Series returns the series the version belongs to.
func (v Version) Series() Series { return Series{v.Major, v.Minor} }

// IsPre reports whether v is a pre-release.
func (v Version) IsPre() bool { return v.Pre != "" }

// Final returns the release that v leads up to, or v itself if it is final.
func (v Version) Final() Version {
	v.Pre, v.PreN = "", 0
	return v
}

// Compare returns -1, 0 or +1 as v comes before, is, or comes after w in PEP
// 440's order: 3.13.9 < 3.14.0a1 < 3.14.0b1 < 3.14.0rc1 < 3.14.0.
func (v Version) Compare(w Version) int {
	return cmp.Or(
		v.Series().Compare(w.Series()),
		cmp.Compare(v.Micro, w.Micro),
		cmp.Compare(slices.Index(preOrder, v.Pre), slices.Index(preOrder, w.Pre)),
		cmp.Compare(v.PreN, w.PreN),
	)
}

// Dir returns the name of the version's directory below python.org/ftp/python:
// that of the final release, so "3.14.0" for 3.14.0a1. Up to 3.2 the x.y.0
// releases lie in "x.y", from 3.3 on in "x.y.0".
func (v Version) Dir() string { return v.Final().fileText() }

// fileText returns the version as python.org's file names spell it: like
// String, but without the zero of x.y.0 up to 3.2.
func (v Version) fileText() string {
	if !v.bareZero() {
		return v.String()
	}
	s := v.Series().String()
	if v.Pre != "" {
		s += v.Pre + strconv.Itoa(v.PreN)
	}
	return s
}

// bareZero reports whether file names leave out v's last number.
func (v Version) bareZero() bool {
	return v.Micro == 0 && v.Series().Compare(firstFullZero) < 0
}

// MarshalText returns String, and an error for a value that is no version.
func (v Version) MarshalText() ([]byte, error) {
	if w, err := ParseVersion(v.String()); err != nil || w != v {
		return nil, fmt.Errorf("no such CPython version: %s", v)
	}
	return []byte(v.String()), nil
}

// UnmarshalText reads what ParseVersion reads.
func (v *Version) UnmarshalText(text []byte) error {
	w, err := ParseVersion(string(text))
	if err != nil {
		return err
	}
	*v = w
	return nil
}

var seriesForm = regexp.MustCompile(`^(0|[1-9]\d{0,5})\.(0|[1-9]\d{0,5})$`)

// ParseSeries reads a series, "3.13".
func ParseSeries(s string) (Series, error) {
	m := seriesForm.FindStringSubmatch(s)
	if m == nil {
		return Series{}, fmt.Errorf("%q is not a CPython series: write it like 3.13", clip(s))
	}
	return Series{number(m[1]), number(m[2])}, nil
}

// String returns the series as "3.13".
func (s Series) String() string { return fmt.Sprintf("%d.%d", s.Major, s.Minor) }

// Compare returns -1, 0 or +1 as s comes before, is, or comes after t.
func (s Series) Compare(t Series) int {
	return cmp.Or(cmp.Compare(s.Major, t.Major), cmp.Compare(s.Minor, t.Minor))
}

// MarshalText returns String, and an error for a value that is no series.
func (s Series) MarshalText() ([]byte, error) {
	if t, err := ParseSeries(s.String()); err != nil || t != s {
		return nil, fmt.Errorf("no such CPython series: %s", s)
	}
	return []byte(s.String()), nil
}

// UnmarshalText reads what ParseSeries reads.
func (s *Series) UnmarshalText(text []byte) error {
	t, err := ParseSeries(string(text))
	if err != nil {
		return err
	}
	*s = t
	return nil
}
