package compare

import (
	"testing"

	"migrate/pgp"
	"migrate/sigstore"
)

// TestPossible: every verdict that Assess gives is possible, and no other, but
// for the one that depends on who the signers are.
func TestPossible(t *testing.T) {
	r := roster(t)
	for _, p := range statuses[pgp.Status]() {
		for _, s := range statuses[sigstore.Status]() {
			e := pairOf(t, p, s)
			given := Assess(e, r).Verdict
			for v := range Failed + 1 {
				people := v == Conflict && (given == Equivalent || given == PGPOnly && s == sigstore.GoodFromLog)
				if got := Possible(e, v); got != (v == given || people) {
					t.Errorf("PGP %s, Sigstore %s: %s is possible: %t, and the verdict is %s", p, s, v, got, given)
				}
			}
		}
	}
	e := evidence(t, "Python-3.13.5.tgz")
	e.Trouble = "input/output error"
	if Possible(e, Equivalent) || !Possible(e, Unchecked) {
		t.Error("an artifact that could not be read is unchecked and nothing else")
	}
}
