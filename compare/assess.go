package compare

import (
	"cmp"
	"iter"
	"slices"

	"migrate/internal/release"
	"migrate/keyrings"
)

// Assess judges one artifact by itself. The roster names people; what to
// expect of the artifact stands in e.Expected, which may differ from the
// roster's where somebody asked for a signer of their own. Where e.Expected has
// no Signers, a valid PGP signature counts for nothing.
//
// What shows only beside other artifacts is for AssessAll.
func Assess(e Evidence, r *keyrings.Roster) Assessment {
	a := Assessment{Evidence: e, Verdict: decide(&e, r)}
	a.Findings = find(&e, a.Verdict, r)
	sortFindings(a.Findings)
	return a
}

// AssessAll judges artifacts together: each as Assess does, and beside its
// neighbours, which show back-filled bundles and two names for the same bytes.
// The assessments come in the order of series, version, role and name. Each
// series with an artifact among them has a Series, in order; an artifact whose
// name is not CPython's belongs to none.
func AssessAll(ev []Evidence, r *keyrings.Roster) ([]Assessment, []Series) {
	all := make([]Assessment, len(ev))
	for i, e := range ev {
		all[i] = Assess(e, r)
	}
	slices.SortStableFunc(all, func(a, b Assessment) int {
		return cmp.Or(a.Name.Compare(b.Name), cmp.Compare(a.Location, b.Location))
	})
	noteSameDigest(all)

	var series []Series
	for part := range bySeries(all) {
		noteBackFilled(part)
		if part[0].Name.Version != (release.Version{}) {
			series = append(series, judge(part, r))
		}
	}
	for i := range all {
		sortFindings(all[i].Findings)
	}
	return all, series
}

// bySeries yields the artifacts of each series, of assessments in order.
func bySeries(all []Assessment) iter.Seq[[]Assessment] {
	return func(yield func([]Assessment) bool) {
		for len(all) > 0 {
			series := all[0].Name.Version.Series()
			n := slices.IndexFunc(all, func(a Assessment) bool { return a.Name.Version.Series() != series })
			if n < 0 {
				n = len(all)
			}
			if !yield(all[:n:n]) {
				return
			}
			all = all[n:]
		}
	}
}
