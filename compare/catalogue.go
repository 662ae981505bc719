package compare

import "slices"

// Entry is the long story of one code, the same for every artifact.
type Entry struct {
	Code    Code
	Level   Level  // of a finding with this code, unless Meaning says that the context changes it
	Title   string // one line, no full stop
	Meaning string // what it is, and why it matters for the move
	Action  string // what to do
	Source  string // where the rule comes from
}

// Catalogue returns an entry for every code that findings and reasons can have,
// sorted by code.
func Catalogue() []Entry { return slices.Clone(catalogue) }

// Explain returns the entry of a code, and false if there is none.
func Explain(c Code) (Entry, bool) {
	i := slices.IndexFunc(catalogue, func(e Entry) bool { return e.Code == c })
	if i < 0 {
		return Entry{}, false
	}
	return catalogue[i], true
}

// catalogue is never written to.
var catalogue = slices.Concat(compareEntries, pgpEntries, sigstoreEntries, sourceEntries)
