package compare

// Possible reports whether the evidence allows the verdict: whether a report
// that says so can be this program's own. It needs no roster, and so leaves one
// question open: whether two signers who should be one person are.
func Possible(e Evidence, v Verdict) bool {
	samePerson := e.Expected.SamePerson
	e.Expected.SamePerson = false
	found := decide(&e, nil)
	return v == found || samePerson && v == Conflict && (found == Equivalent || found == PGPOnly && e.sigstoreClass() == logged)
}
