// Package compare turns two outcomes and an expectation into a verdict and
// findings, series into readiness, and is pure: it does no I/O, reads no clock
// and knows no output format.
package compare

import (
	"time"

	"migrate/internal/clients"
	"migrate/internal/release"
	"migrate/keyrings"
	"migrate/pgp"
	"migrate/sigstore"
)

// Verdict says, for one artifact, how the two methods stand to each other.
// The zero value is Unchecked.
type Verdict uint8

// The verdicts.
const (
	Unchecked    Verdict = iota // could not be decided
	Equivalent                  // both good, signers as the roster expects
	SigstoreOnly                // only Sigstore gives evidence that counts
	PGPOnly                     // only PGP gives evidence, or only it gives any that clients can verify
	Unsigned                    // neither has a signature
	Conflict                    // one good, the other not
	Failed                      // none good, at least one negative
)

// Level is how much a finding matters. The zero value is no level.
type Level uint8

// The levels, in rising order.
const (
	Note Level = iota + 1
	Warning
	Error
)

// Code names a finding: its verifier, a slash, kebab case, e.g. "pgp/weak-hash".
type Code string

// Finding is one thing worth knowing about an artifact.
type Finding struct {
	Code    Code
	Level   Level
	Message string // one sentence about this artifact
}

// Evidence is everything the audit found out about one artifact.
type Evidence struct {
	Name      release.Name
	Location  string // path within its source, or URL
	URL       string // where python.org publishes it, if known
	Size      int64  // bytes that were read; -1 if none were
	SHA256    string // lower-case hex; "" if the bytes could not be read
	MD5       string // lower-case hex, only where it is all that is published; "" otherwise
	Published []Published
	PGP       pgp.Result
	Sigstore  sigstore.Result
	PGPFile   Sidecar // the .asc that was judged; zero if there is none
	Bundle    Sidecar // the bundle that was judged; zero if there is none
	Sig, Crt  Sidecar // the pair that was judged in place of one; zero if it was not
	// LegacyPair says that a .sig and .crt pair lies beside the artifact.
	LegacyPair bool
	// PGPUnseen says that the source cannot tell whether there is an .asc.
	PGPUnseen bool
	// Trouble is why the artifact could not be read; "" if it could.
	Trouble  string
	Expected keyrings.Expectation

	// What the server said of the bytes that were read, to tell later whether
	// they are still the same; "" if it said nothing.
	ETag, LastModified string
	// Verified is when this was found out, if an earlier run found it out and
	// nothing has changed since; zero if this run did.
	Verified time.Time
}

// Sidecar names a sidecar file that was read.
type Sidecar struct {
	Location string
	SHA256   string // lower-case hex of its bytes
}

// Published is what somebody other than the signer said about an artifact, e.g.
// a .dsc; see source.Published for each field.
type Published struct {
	By     string
	Size   int64
	SHA256 string
	MD5    string
	Hint   bool
	Links  map[release.Sidecar]string
}

// Assessment is the judgement on one artifact.
type Assessment struct {
	Evidence
	Verdict  Verdict
	Findings []Finding // sorted by level (errors first), then code
}

// Readiness says whether a series can move from PGP to Sigstore.
// The zero value is Undetermined.
type Readiness uint8

// The readinesses.
const (
	Undetermined  Readiness = iota // some of what matters could not be checked
	Ready                          // every artifact is good by Sigstore, and PGP does not disagree
	ReadyWithGaps                  // the same, but some artifacts have no bundle
	NotReady                       // no Sigstore, or a conflict or failure
)

// Reason is one reason for a series' readiness.
type Reason struct {
	Code      Code     // e.g. "compare/no-sigstore", "compare/missing-bundle"
	Message   string   // one sentence
	Artifacts []string // locations, in order; nil if it is about the whole series
}

// Series is the judgement on one series.
type Series struct {
	Series    release.Series
	Readiness Readiness
	Reasons   []Reason
	Life      Life                  // dates and status come from WithCycle
	Clients   []clients.Requirement // comes from WithClients

	noPGP string // why the series has no PGP, if it has none
}
