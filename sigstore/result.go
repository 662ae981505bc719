// Package sigstore checks one Sigstore bundle, or the .sig and .crt pair that
// came before bundles, against an artifact's digest and a trust root, and says at
// which stage, and why, it does not hold.
package sigstore

import (
	"fmt"
	"slices"
	"time"
)

// Status is what the check of one bundle found.
// The zero value is Unchecked, so that nothing forgotten can look like a pass.
type Status uint8

// The statuses. Only Good is a pass; GoodFromLog is one that clients cannot
// come to by themselves.
const (
	Unchecked      Status = iota // not looked at; Result.Detail says why
	Good                         // valid, and signed by one of Policy.Identities (or by Policy.Key)
	DigestMismatch               // the bundle is for other bytes
	Bad                          // the signature, a log entry or a timestamp does not hold
	WrongIdentity                // valid, but signed by somebody else
	Untrusted                    // chain, certificate timestamp, log or time authority not of this trust root
	Incompatible                 // a form today's clients refuse to judge, e.g. an inclusion proof without checkpoint
	Malformed                    // not a bundle
	Missing                      // there is no bundle
	GoodFromLog                  // not a bundle: a .sig and .crt pair that is valid with the entry that the log was asked for
)

var statusNames = [...]string{
	"unchecked", "good", "digest-mismatch", "bad", "wrong-identity",
	"untrusted", "incompatible", "malformed", "missing", "good-from-log",
}

// String returns the status as it stands in reports, e.g. "digest-mismatch".
func (s Status) String() string {
	if int(s) < len(statusNames) {
		return statusNames[s]
	}
	return fmt.Sprintf("sigstore.Status(%d)", uint8(s))
}

// MarshalText returns String, and an error for a value that is no status.
func (s Status) MarshalText() ([]byte, error) {
	if int(s) >= len(statusNames) {
		return nil, fmt.Errorf("no such Sigstore status: %d", uint8(s))
	}
	return []byte(statusNames[s]), nil
}

// UnmarshalText reads what MarshalText writes.
func (s *Status) UnmarshalText(text []byte) error {
	i := slices.Index(statusNames[:], string(text))
	if i < 0 {
		return fmt.Errorf("no such Sigstore status: %q", text)
	}
	*s = Status(i)
	return nil
}

// Reason narrows a status down. It is stable, kebab-case, and empty where the
// status says it all.
type Reason string

// The reasons.
const (
	BadSignature   Reason = "signature"           // Bad: over the digest, with the leaf's key
	BadLogEntry    Reason = "log-entry"           // Bad: inclusion proof, promise, checkpoint, or entry for another signature
	BadTimestamp   Reason = "timestamp"           // Bad: an RFC 3161 timestamp or the log time does not hold or is outside the certificate's validity
	UntrustedChain Reason = "certificate-chain"   // Untrusted: leaf not issued under a certificate authority of the root, or not at that time
	UntrustedSCT   Reason = "certificate-log"     // Untrusted: no valid signed certificate timestamp of a known log
	UntrustedLog   Reason = "transparency-log"    // Untrusted: no entry of a log of the root
	UntrustedTime  Reason = "no-trusted-time"     // Untrusted: no verified time for the signature
	UnexpectedKind Reason = "key-not-certificate" // Untrusted: signed with a bare key where a certificate is needed, or the reverse
	NoCheckpoint   Reason = "no-checkpoint"       // Incompatible: v0.1 bundle with an inclusion proof without checkpoint
	NoLogProof     Reason = "no-log-proof"        // Incompatible: a .sig and .crt pair, which has no proof of logging in it
	NotInLog       Reason = "not-in-log"          // Incompatible: a .sig and .crt pair that the log, when asked, shows no entry of
	NewerBundle    Reason = "bundle-version"      // Incompatible: a bundle version this program does not know
	OtherHash      Reason = "digest-algorithm"    // Incompatible: signed over another hash than SHA-256, or over the artifact itself
	Empty          Reason = "empty"               // Malformed
	TooLarge       Reason = "too-large"           // Malformed: over MaxBundleSize
	HTML           Reason = "html"                // Malformed: an error page saved as a bundle
	NotJSON        Reason = "not-json"            // Malformed
	NotABundle     Reason = "not-a-bundle"        // Malformed: JSON, but not what the bundle specification says
	NotAPair       Reason = "not-a-pair"          // Malformed: a .sig that is no signature in base64, or a .crt that is no certificate in PEM
	LookupFailed   Reason = "lookup-failed"       // Unchecked: the log could not be asked about a .sig and .crt pair, or did not answer as it should
	Unreadable     Reason = "unreadable"          // Unchecked: reading the artifact or the bundle failed
	Unseen         Reason = "unseen"              // Unchecked: the source does not show whether there is a bundle
	BadPolicy      Reason = "policy"              // Unchecked: Policy names nobody, or cannot be used; a mistake of the caller
	NotAsked       Reason = "not-asked"           // Unchecked: the question was about PGP alone
)

// Identity is a pair (SAN, issuer) as it stands in a signing certificate.
type Identity struct {
	SAN    string // subject alternative name: a mail address or a URI
	Issuer string // the OIDC issuer that vouched for it
}

// Result is the outcome of checking one bundle. It is plain data.
type Result struct {
	Status Status
	Reason Reason // narrows Status down, "" where there is nothing to narrow
	Detail string // one line for people, lower case, no file name; "" for Good

	// Who signed. Set only once the signature, its certificate and its log
	// entry hold: for Good, GoodFromLog and WrongIdentity.
	Identity Identity

	// Claimed is the identity the certificate names whether or not anything
	// about it holds; a hint for people, never compared.
	Claimed Identity

	// NewerThanRoot says, for Untrusted, that a newer trust root could judge
	// otherwise: by its own times the bundle was made after the time at which
	// the root is known to have been current, and not after Policy.Time, and the
	// authority or log that it is refused for is one that the root does not know
	// at all. The times are the bundle's claim, so this is an excuse, and no
	// evidence for the bundle: it can never be better than undecided.
	NewerThanRoot bool

	// Facts of the bundle as it was read; nothing here was verified unless
	// Status is Good, GoodFromLog or WrongIdentity. Those of a .sig and .crt
	// pair are of the pair and of the entry that the log was asked for.
	MediaType        string      // as it stands in the bundle
	BundleVersion    string      // "0.1", "0.2", "0.3"
	KeyAlgorithm     string      // of the leaf, e.g. "ECDSA-P256", "ECDSA-P384", "Ed25519"
	HashAlgorithm    string      // that was signed over, e.g. "SHA-256"
	PredicateType    string      // of the in-toto statement that the bundle signs in place of the artifact; "" if it signs the artifact
	DeprecatedP384   bool        // a P-384 leaf signed over SHA-256: today's clients accept it only on a compatibility path
	LogIndex         int64       // in the transparency log, if LogID is set; Rekor v1 vouches for it in its promise only
	LogID            string      // hex key ID of the log; "" if the bundle has no entry
	RekorVersion     int         // 1 or 2; 0 if the bundle has no entry
	LogTime          time.Time   // integrated time, UTC; zero if there is none (Rekor v2)
	Timestamps       []time.Time // RFC 3161 signing times, UTC
	InclusionPromise bool        // the entry holds a signed entry timestamp
	InclusionProof   bool
	Checkpoint       bool // the proof holds its checkpoint
	IssuerV1Only     bool // the issuer stands only in the old certificate extension (1.3.6.1.4.1.57264.1.1)

	// PromiseHolds says, for Reason NoCheckpoint, that the bundle verifies in
	// every other respect by its inclusion promise: that it is merely old.
	PromiseHolds bool
	// PromiseIdentity is who signed such a bundle, set if PromiseHolds.
	PromiseIdentity Identity
}

// Time returns when the signature was made: the log's integrated time, else
// the earliest timestamp, else zero.
func (r Result) Time() time.Time {
	if !r.LogTime.IsZero() || len(r.Timestamps) == 0 {
		return r.LogTime
	}
	return slices.MinFunc(r.Timestamps, time.Time.Compare)
}

// Pattern is an identity whose SAN must match a regular expression as a whole.
type Pattern struct {
	SAN    string // RE2, anchored at both ends by the verifier
	Issuer string // exact
}
