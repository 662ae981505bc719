package report

import (
	"maps"
	"slices"
	"time"

	"migrate/compare"
	"migrate/pgp"
	"migrate/sigstore"
)

// Baseline knows what earlier reports found out, so that a run need not read
// again what has not changed since.
type Baseline struct {
	results map[artifactKey]compare.Evidence
}

// BaselineOptions say what a run stands on, and how old a result may be that is
// carried over into it.
type BaselineOptions struct {
	Generator Generator
	Trust     Trust
	Time      time.Time     // of the run
	MaxAge    time.Duration // since an artifact was verified
}

// NewBaseline returns what of earlier reports a run could come to itself: what
// another version of the program found, or one that stood on another trust root
// or roster or on other copies of the keys that matter, is due again, as is
// what is too old and what could not be checked. Of several results for one
// artifact the latest counts.
func NewBaseline(docs []*Document, opt BaselineOptions) (*Baseline, error) {
	b := &Baseline{results: make(map[artifactKey]compare.Evidence)}
	now := copiesOf(opt.Trust)
	for _, d := range docs {
		if d.Generator != opt.Generator || len(d.Trust.Others) > 0 ||
			d.Trust.TrustRoot.SHA256 != opt.Trust.TrustRoot.SHA256 || d.Trust.Roster.SHA256 != opt.Trust.Roster.SHA256 {
			continue
		}
		then := copiesOf(d.Trust)
		for i := range d.Artifacts {
			a := &d.Artifacts[i]
			e, err := a.evidence()
			if err != nil {
				return nil, err
			}
			if e.Verified.IsZero() {
				e.Verified = d.Created.Time
			}
			age := opt.Time.Sub(e.Verified)
			sameKey := func(f pgp.Fingerprint) bool { return slices.Equal(then[f], now[f]) }
			switch {
			case a.undecided() || age < 0 || age >= opt.MaxAge:
			case !sameKey(e.PGP.Certificate) || slices.ContainsFunc(e.Expected.Signers, func(f pgp.Fingerprint) bool { return !sameKey(f) }):
			case b.results[a.key()].Verified.After(e.Verified):
			default:
				b.results[a.key()] = e
			}
		}
	}
	return b, nil
}

// undecided reports whether another run might find out more about the artifact
// though nothing has changed.
func (a *Artifact) undecided() bool {
	return a.unchecked() || a.SHA256 == "" ||
		a.PGP.Status == pgp.Unchecked || a.PGP.Status == pgp.UnknownKey ||
		a.Sigstore.Status == sigstore.Unchecked || a.Sigstore.Status == sigstore.Incompatible
}

// Result returns the evidence for the artifact of that name and version at a
// location. Its Verified is when it was found out.
func (b *Baseline) Result(location, name, version string) (compare.Evidence, bool) {
	e, ok := b.results[artifactKey{location, name, version}]
	return e, ok
}

// Len returns how many artifacts have a result.
func (b *Baseline) Len() int { return len(b.results) }

// copiesOf returns the digests of the copies of each key, sorted.
func copiesOf(t Trust) map[pgp.Fingerprint][]string {
	copies := make(map[pgp.Fingerprint][]string, len(t.Keys))
	for _, k := range t.Keys {
		digests := make(map[string]bool, len(k.Copies))
		for _, c := range k.Copies {
			digests[c.SHA256] = true
		}
		copies[pgp.Fingerprint(k.Fingerprint)] = slices.Sorted(maps.Keys(digests))
	}
	return copies
}
