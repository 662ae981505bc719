package report

import (
	"cmp"
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
	now := keysOf(opt.Trust)
	for _, d := range docs {
		if d.otherProgram(opt.Generator) || len(d.Trust.Others) > 0 ||
			d.Trust.TrustRoot.SHA256 != opt.Trust.TrustRoot.SHA256 || d.Trust.Roster.SHA256 != opt.Trust.Roster.SHA256 {
			continue
		}
		then := keysOf(d.Trust)
		created := d.oldest()
		for i := range d.Artifacts {
			a := &d.Artifacts[i]
			e, err := a.evidence()
			if err != nil {
				return nil, err
			}
			if e.Verified.IsZero() {
				e.Verified = created
			}
			age := opt.Time.Sub(e.Verified)
			sameKey := func(f pgp.Fingerprint) bool {
				expired := now[f].Expires.After(e.Verified) && !now[f].Expires.After(opt.Time)
				return then[f].SHA256 == now[f].SHA256 && !expired
			}
			switch {
			case a.undecided() || a.PGP.passing() || age < 0 || age >= opt.MaxAge:
			case !sameKey(e.PGP.Certificate) || slices.ContainsFunc(e.Expected.Signers, func(f pgp.Fingerprint) bool { return !sameKey(f) }):
			case b.results[a.result()].Verified.After(e.Verified):
			default:
				b.results[a.result()] = e
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

// passing reports whether what was found holds only for a time: of a signature
// that ends to be valid, or that was not yet made by the clock of the run.
func (p *PGP) passing() bool {
	return !p.Expires.IsZero() || p.Reason == pgp.FromFuture || slices.Contains(p.Others, pgp.Rejected)
}

// otherProgram reports whether another program had a part in the document.
func (d *Document) otherProgram(g Generator) bool {
	return d.Generator != g || slices.ContainsFunc(d.Origins, func(o Origin) bool { return o.Generator != g })
}

// oldest returns when the document, or the oldest of its parts, was made.
func (d *Document) oldest() time.Time {
	t := d.Created.Time
	for _, o := range d.Origins {
		if o.Created.Before(t) {
			t = o.Created.Time
		}
	}
	return t
}

// result is what an artifact's result is kept under: its URL does not depend on
// what other sources were named beside it.
func (a *Artifact) result() artifactKey {
	k := a.key()
	k.place = cmp.Or(a.URL, k.place)
	return k
}

// Result returns the evidence for the artifact of that name and version at a
// URL. Its Verified is when it was found out.
func (b *Baseline) Result(url, name, version string) (compare.Evidence, bool) {
	e, ok := b.results[artifactKey{url, name, version}]
	return e, ok
}

// Len returns how many artifacts have a result.
func (b *Baseline) Len() int { return len(b.results) }

// keysOf returns the keys by their fingerprints.
func keysOf(t Trust) map[pgp.Fingerprint]Key {
	keys := make(map[pgp.Fingerprint]Key, len(t.Keys))
	for _, k := range t.Keys {
		keys[pgp.Fingerprint(k.Fingerprint)] = k
	}
	return keys
}
