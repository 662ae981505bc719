package compare

import (
	"fmt"
	"slices"
	"time"

	"migrate/internal/release"
)

// backFilledAfter is how long after its release a bundle counts as back-filled.
const backFilledAfter = 14 * 24 * time.Hour

// noteSameDigest notes artifacts with the same bytes under different names.
// Debian's copy of a source archive goes by upstream's name here: it is the
// same artifact.
func noteSameDigest(all []Assessment) {
	same := map[string][]int{} // by digest, the first at each place
	type name struct{ digest, place string }
	seen := map[name]bool{}
	for i := range all {
		a := &all[i]
		if n := (name{a.SHA256, a.place()}); a.SHA256 != "" && !seen[n] {
			seen[n] = true
			same[a.SHA256] = append(same[a.SHA256], i)
		}
	}
	for i := range all {
		a := &all[i]
		var others []string
		for _, j := range same[a.SHA256] {
			if b := &all[j]; !sameArtifact(a.Name, b.Name) {
				if others = append(others, b.place()); len(others) > maxNamed {
					others[maxNamed] = "others"
					break
				}
			}
		}
		if len(others) > 0 {
			f := findings{Evidence: &a.Evidence, list: a.Findings}
			if a.Size < 0 {
				f.add("compare/same-digest", "The source gives the same digest for %s", list(others, "and"))
			} else {
				f.add("compare/same-digest", "The same bytes are also published as %s", list(others, "and"))
			}
			a.Findings = f.list
		}
	}
}

// maxNamed is how many artifacts one finding names: were it all that are alike,
// a report on a folder of copies would grow with their square.
const maxNamed = 10

// sameArtifact reports whether two names are python.org's one name. The version
// counts because old help files of one name belong to different releases.
func sameArtifact(a, b release.Name) bool {
	return a.Upstream == b.Upstream && a.Version == b.Version
}

// place returns what people call the artifact by: its location, else its URL,
// else its name.
func (e *Evidence) place() string {
	switch {
	case e.Location != "":
		return e.Location
	case e.URL != "":
		return e.URL
	}
	return e.Name.File
}

// signing is a verified signature's time, which its release is not later than.
type signing struct {
	time   time.Time
	by     string // "PGP signature" or "bundle"
	signed *Assessment
}

// noteBackFilled notes the bundles of one series that were made long after
// their release. Nothing in a source says when a release was made; but it was
// made before its own PGP signatures, and before any signature of a later
// release of the series.
func noteBackFilled(series []Assessment) {
	for i := range series {
		a := &series[i]
		if a.Verdict == Unchecked && a.Trouble != "" || a.sigstoreClass() != pass || a.Sigstore.Time().IsZero() {
			continue
		}
		released, ok := releasedBy(series, a.Name.Version)
		late := a.Sigstore.Time().Sub(released.time)
		if !ok || late <= backFilledAfter {
			continue
		}
		f := findings{Evidence: &a.Evidence, list: a.Findings}
		f.add("sigstore/back-filled", "The bundle was made on %s, at least %s after %s was released: %s", day(a.Sigstore.Time()), days(late), a.Name.Version, released)
		a.Findings = f.list
	}
}

// String says what the signing shows, for the one release or the one after it.
func (s signing) String() string {
	return fmt.Sprintf("the %s of %s was made on %s", s.by, s.signed.Name.Upstream, day(s.time))
}

// releasedBy returns the earliest signing that shows v to have been released:
// of v's own PGP signatures, else of any signature of a later release. Bundles
// of v itself show nothing, for they are what is in question.
func releasedBy(series []Assessment, v release.Version) (signing, bool) {
	var own, later []signing
	for i := range series {
		a := &series[i]
		if a.Trouble != "" {
			continue
		}
		order := a.Name.Version.Compare(v)
		if t := a.PGP.Created; a.pgpClass() == pass && !t.IsZero() {
			switch {
			case order == 0:
				own = append(own, signing{t, "PGP signature", a})
			case order > 0:
				later = append(later, signing{t, "PGP signature", a})
			}
		}
		if t := a.Sigstore.Time(); order > 0 && a.sigstoreClass() == pass && !t.IsZero() {
			later = append(later, signing{t, "bundle", a})
		}
	}
	if len(own) == 0 {
		own = later
	}
	if len(own) == 0 {
		return signing{}, false
	}
	return slices.MinFunc(own, func(a, b signing) int { return a.time.Compare(b.time) }), true
}
