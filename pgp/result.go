// Package pgp checks one detached OpenPGP signature over data that was hashed
// once, and says what it found in words that tell a changed file from an old
// key, a weak algorithm or a key that is not at hand.
package pgp

import (
	"fmt"
	"slices"
	"time"
)

// Status is what the check of one signature found.
// The zero value is Unchecked, so that nothing forgotten can look like a pass.
type Status uint8

// The statuses. Only Good and GoodRefreshed are passes; Weak never is.
const (
	Unchecked     Status = iota // not looked at, or not to be decided with the copy of the key at hand; Result.Detail says why
	Good                        // valid
	GoodRefreshed               // valid, but the copies of the key at hand hold only self-signatures newer than the signature
	Weak                        // valid, but not to be relied on; Result.Weaknesses says why
	Bad                         // the data or the signature was changed
	Rejected                    // cryptographically right, but not to be accepted; Result.Reason says why
	WrongSigner                 // valid (perhaps only weakly), but by a certificate that is not among Policy.Signers
	UnknownKey                  // no certificate for the issuer is in the keyring
	Unsupported                 // a version or algorithm the library cannot check; Result.Reason says which
	Malformed                   // not a detached signature
	Missing                     // there is no signature file
)

var statusNames = [...]string{
	"unchecked", "good", "good-refreshed", "weak", "bad", "rejected",
	"wrong-signer", "unknown-key", "unsupported", "malformed", "missing",
}

// String returns the status as it stands in reports, e.g. "good-refreshed".
func (s Status) String() string {
	if int(s) < len(statusNames) {
		return statusNames[s]
	}
	return fmt.Sprintf("pgp.Status(%d)", uint8(s))
}

// MarshalText returns String, and an error for a value that is no status.
func (s Status) MarshalText() ([]byte, error) {
	if int(s) >= len(statusNames) {
		return nil, fmt.Errorf("no such PGP status: %d", uint8(s))
	}
	return []byte(statusNames[s]), nil
}

// UnmarshalText reads what MarshalText writes.
func (s *Status) UnmarshalText(text []byte) error {
	i := slices.Index(statusNames[:], string(text))
	if i < 0 {
		return fmt.Errorf("no such PGP status: %q", text)
	}
	*s = Status(i)
	return nil
}

// Reason narrows a status down. It is stable, kebab-case, and empty where the
// status says it all.
type Reason string

// The reasons of Rejected, Unsupported, Malformed and Unchecked.
const (
	KeyRevoked        Reason = "key-revoked"            // Rejected: hard revocation, or a soft one before the signature
	KeyExpired        Reason = "key-expired-at-signing" // Rejected
	SignatureExpired  Reason = "signature-expired"      // Rejected
	FromFuture        Reason = "from-the-future"        // Rejected: dated after Policy.Time
	OlderThanKey      Reason = "older-than-key"         // Rejected
	CriticalNotation  Reason = "critical-notation"      // Rejected: a critical notation nobody knows
	WrongUsage        Reason = "wrong-usage"            // Rejected: the key may not sign, or the signature is not one over data
	UnboundKey        Reason = "unbound-key"            // Rejected: no self-signature or subkey binding that was valid at the time
	Refused           Reason = "refused"                // Rejected: by the library for yet another reason; Result.Detail has its words
	OldVersion        Reason = "packet-version"         // Unsupported: v2, v3 or unknown packet version
	UnknownAlgorithm  Reason = "algorithm"              // Unsupported: hash or public-key algorithm
	CriticalSubpacket Reason = "critical-subpacket"     // Unsupported: a subpacket that must be understood and is not
	NoIssuer          Reason = "no-issuer"              // Unsupported: it does not say which key made it
	Empty             Reason = "empty"                  // Malformed
	TooLarge          Reason = "too-large"              // Malformed: over MaxSignatureSize
	TooManySignatures Reason = "too-many-signatures"    // Malformed: over MaxSignaturePackets
	HTML              Reason = "html"                   // Malformed: an error page saved as a signature
	ClearSigned       Reason = "clear-signed"           // Malformed
	KeyBlock          Reason = "key-block"              // Malformed: a public (or private) key
	BadArmor          Reason = "bad-armor"              // Malformed: truncated, BOM, CR-only lines ...; a wrong checksum is no fault (RFC 9580, section 6.1)
	BadPacket         Reason = "bad-packet"             // Malformed: packets do not parse, or there is no signature among them
	NoBytes           Reason = "no-bytes"               // Unchecked: the source has no artifact to hash
	NotAsked          Reason = "not-asked"              // Unchecked: the question was about Sigstore alone
	Unreadable        Reason = "unreadable"             // Unchecked: reading the artifact or the signature failed

	// These leave a signature Unchecked that an accepted key has made.
	UnreadableRevocation    Reason = "unreadable-revocation"     // the key has a revocation that cannot be read
	UnreadableSelfSignature Reason = "unreadable-self-signature" // a self-signature that was the newest then cannot be read
	StaleKey                Reason = "stale-key"                 // the key had expired by every copy at hand, all of them older than the signature
)

// Weakness is one reason not to rely on a valid signature: the strict
// configuration refuses it, or it does not pin the bytes.
type Weakness string

// The weaknesses.
const (
	WeakHash   Weakness = "weak-hash"         // SHA-1
	WeakKey    Weakness = "weak-key"          // DSA, or RSA under 2048 bits
	NoKeyFlags Weakness = "key-flags-missing" // the self-signature does not say what the key may do
	TextMode   Weakness = "text-mode"         // a signature over text (type 0x01), which fits a file with other line ends too
	WeakOther  Weakness = "weak"              // the strict configuration refuses it for another reason
)

// Result is the outcome of checking one signature file. It is plain data.
type Result struct {
	Status     Status
	Reason     Reason     // narrows Status down, "" where there is nothing to narrow
	Weaknesses []Weakness // never empty for Weak; for WrongSigner what is weak besides; nil otherwise
	Detail     string     // one line for people, lower case, no file name; "" for Good

	// What was established about the signer, from the certificate that
	// verified (never from the signature's own unhashed claims). Empty unless
	// the signature is cryptographically right. Certificate and UserID are
	// empty as well if a subkey made it that never confirmed to belong to the
	// certificate: anybody can adopt somebody else's key as a subkey.
	Certificate Fingerprint // primary key
	SigningKey  Fingerprint // the key that made it: the primary key, or a subkey
	UserID      string      // the certificate's primary user ID
	Algorithm   string      // of SigningKey, e.g. "RSA-4096", "DSA-1024", "Ed25519"

	// Facts of the signature packet that decided the status.
	Issuer  string    // what it claims as its issuer: full fingerprint, else the 16-digit key ID; a hint for finding the key, never compared
	Hash    string    // e.g. "SHA-512"
	Created time.Time // UTC; zero if unknown
	Expires time.Time // UTC; when the signature, not the key, ends to be valid; zero: never, or unknown
	Version int       // packet version, e.g. 4

	// Notes of a valid signature.
	KeyExpiredSince time.Time // the certificate or signing key expired after the signature was made; zero if it did not
	KeyRevokedSince time.Time // ... was softly revoked (retired, superseded) after it; zero if it was not

	Signatures int      // signature packets in the file, supported or not
	Others     []Status // the best answer about each packet but the one that decided, in order; nil if there is one packet, or the file is malformed
}

// Subkey reports whether a subkey, not the primary key, made the signature.
func (r Result) Subkey() bool {
	return r.SigningKey != "" && r.SigningKey != r.Certificate
}

// Fingerprint is a full fingerprint: 40 (v4) or 64 (v6) upper-case hex digits.
type Fingerprint string
