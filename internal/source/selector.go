package source

import (
	"fmt"
	"math"
	"os"
	"strings"
	"unicode"

	"migrate/internal/release"
)

// Selector is a choice of releases: one of them, a series, a range, or all. The
// zero value chooses none.
type Selector struct {
	text     string
	exact    bool            // from alone, also if it is a pre-release
	from, to release.Version // both included
}

// selectors says what can be written, for the errors that need it.
const selectors = "write a version (3.13.5 or 3.14.0rc1), a series (3.13), a range (3.10..3.14 or 3.12.4..3.13.2), or all"

// ParseSelector reads a choice of releases: "3.13.5", "3.14.0rc1", "3.13",
// "3.10..3.14", "3.12.4..3.13.2" or "all". The ends of a range belong to it.
func ParseSelector(arg string) (Selector, error) {
	if arg == "all" {
		return Selector{text: arg, from: lowest(release.Series{}), to: highest(release.Series{Major: math.MaxInt, Minor: math.MaxInt})}, nil
	}
	first, last, isRange := strings.Cut(arg, "..")
	if !isRange {
		last = first
	}
	from, _, err := parseEnds(first)
	if err != nil {
		return Selector{}, fmt.Errorf("%q selects no releases: %s", arg, selectors)
	}
	_, to, err := parseEnds(last)
	if err != nil {
		return Selector{}, fmt.Errorf("%q selects no releases: %s", arg, selectors)
	}
	s := Selector{from: from, to: to, exact: !isRange && from == to}
	switch {
	case from.Compare(to) > 0:
		return Selector{}, fmt.Errorf("%q selects no releases: its end comes before its start", arg)
	case isRange:
		s.text = endText(from) + ".." + endText(to)
	default:
		s.text = endText(from)
	}
	return s, nil
}

// parseEnds returns the first and the last release of a version or series.
func parseEnds(s string) (from, to release.Version, err error) {
	if strings.ContainsFunc(s, unicode.IsSpace) { // which PEP 440 would let pass
		return from, to, fmt.Errorf("%q holds a blank", s)
	}
	if series, err := release.ParseSeries(s); err == nil {
		return lowest(series), highest(series), nil
	}
	from, err = release.ParseVersion(s)
	return from, from, err
}

// lowest and highest are the ends of a series. No release has these numbers.
func lowest(s release.Series) release.Version {
	return release.Version{Major: s.Major, Minor: s.Minor, Micro: -1}
}

func highest(s release.Series) release.Version {
	return release.Version{Major: s.Major, Minor: s.Minor, Micro: math.MaxInt}
}

func endText(v release.Version) string {
	if v.Micro < 0 || v.Micro == math.MaxInt {
		return v.Series().String()
	}
	return v.String()
}

// String returns what ParseSelector reads.
func (s Selector) String() string { return s.text }

// Has reports whether a release is chosen. A pre-release is if it is named
// itself, or lies within a choice and preReleases says that they count.
func (s Selector) Has(v release.Version, preReleases bool) bool {
	switch {
	case s.text == "":
		return false
	case s.exact:
		return v == s.from
	case v.IsPre() && !preReleases:
		return false
	}
	return s.from.Compare(v) <= 0 && v.Compare(s.to) <= 0
}

// reaches reports whether the directory of a final release may hold a release
// that is chosen: the final one, or one of the pre-releases that lie beside it.
func (s Selector) reaches(final release.Version, preReleases bool) bool {
	if s.text == "" || s.exact {
		return s.exact && s.from.Dir() == final.Dir()
	}
	first := final
	if preReleases {
		first.Pre = "a"
	}
	return first.Compare(s.to) <= 0 && s.from.Compare(final) <= 0
}

// Releases returns the choice of releases that arg is. ok is false if it is
// none, or if a file or folder here has that name, which comes first.
func Releases(arg string) (s Selector, ok bool) {
	s, err := ParseSelector(arg)
	if err != nil {
		return Selector{}, false
	}
	if _, err := os.Lstat(arg); err == nil {
		return Selector{}, false
	}
	return s, true
}
