package sigstore

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/x509"
	"encoding/asn1"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/digitorus/timestamp"
	ct "github.com/google/certificate-transparency-go"
	"github.com/google/certificate-transparency-go/x509util"
	"github.com/secure-systems-lab/go-securesystemslib/dsse"
	"github.com/sigstore/sigstore-go/pkg/fulcio/certificate"
	"github.com/sigstore/sigstore-go/pkg/root"
	"github.com/sigstore/sigstore-go/pkg/tlog"
	"github.com/sigstore/sigstore-go/pkg/verify"
	"github.com/sigstore/sigstore/pkg/cryptoutils"
	"github.com/sigstore/sigstore/pkg/signature"
	sigdsse "github.com/sigstore/sigstore/pkg/signature/dsse"
	"github.com/sigstore/sigstore/pkg/signature/options"
)

// locate finds the first stage at which a bundle fails that the library has
// refused as a whole with the given cause: chain, certificate timestamp,
// signature, log, time. It explains a refusal and never lifts one: if every
// stage holds by itself, the status is Bad, and the reason "".
func (c check) locate(cause error) *failure {
	for _, stage := range []func() *failure{c.certificate, c.signature, c.logEntry, c.time} {
		if f := stage(); f != nil {
			return f
		}
	}
	return fail(Bad, "", "%s", oneLine(cause))
}

// holdsOtherwise reports whether nothing but what the trust root does not know
// speaks against a bundle: what it does know must hold, and the signature, which
// takes no root to check.
func (c check) holdsOtherwise() bool {
	f := c.logEntry()
	return c.signature() == nil && (f == nil || f.unknown)
}

// failure is why a stage does not hold.
type failure struct {
	status Status
	reason Reason
	detail string
	// unknown says that the bundle stands on an authority or log that the trust
	// root does not have, so that another root could judge otherwise. One that it
	// has and holds for ended, or that did not sign, is judged for good.
	unknown bool
}

func fail(s Status, reason Reason, format string, a ...any) *failure {
	return &failure{status: s, reason: reason, detail: fmt.Sprintf(format, a...)}
}

func (f *failure) unknownIf(unknown bool) *failure {
	f.unknown = unknown
	return f
}

// certificate checks the chain, at the time the certificate itself says it was
// issued, and the promise of the certificate log in it.
func (c check) certificate() *failure {
	leaf := c.leaf()
	if leaf == nil {
		return nil // a managed key
	}
	if _, err := certificate.SummarizeCertificate(leaf); err != nil {
		return fail(Malformed, NotABundle, "certificate without identity: %s", oneLine(err))
	}
	chains, err := verify.VerifyLeafCertificate(leaf.NotBefore, leaf, c.material)
	if err != nil {
		return fail(Untrusted, UntrustedChain, "the certificate was not issued by a certificate authority of the trust root").
			unknownIf(!c.knowsIssuer(leaf))
	}
	if err := verify.VerifySignedCertificateTimestamp(chains, 1, c.material); err != nil {
		return fail(Untrusted, UntrustedSCT, "the certificate has no valid timestamp of a certificate log of the trust root").
			unknownIf(c.namesUnknownLog(leaf))
	}
	return nil
}

// knowsIssuer reports whether a certificate of the trust root issued the leaf,
// whether or not it was valid then.
func (c check) knowsIssuer(leaf *x509.Certificate) bool {
	for _, ca := range c.material.FulcioCertificateAuthorities() {
		a, ok := ca.(*root.FulcioCertificateAuthority)
		if ok && slices.ContainsFunc(append(slices.Clone(a.Intermediates), a.Root), func(issuer *x509.Certificate) bool {
			return issuer != nil && leaf.CheckSignatureFrom(issuer) == nil
		}) {
			return true
		}
	}
	return false
}

// namesUnknownLog reports whether the leaf has a timestamp of a certificate log
// that the trust root does not have.
func (c check) namesUnknownLog(leaf *x509.Certificate) bool {
	timestamps, err := x509util.ParseSCTsFromCertificate(leaf.Raw)
	return err == nil && slices.ContainsFunc(timestamps, func(t *ct.SignedCertificateTimestamp) bool {
		return c.material.CTLogs()[hex.EncodeToString(t.LogID.KeyID[:])] == nil
	})
}

// leaf returns the certificate as the library verifies it, or nil: without the
// mark that Go leaves on alternative names it does not know (OtherName).
func (c check) leaf() *x509.Certificate {
	leaf := c.content.Certificate()
	if leaf != nil {
		leaf.UnhandledCriticalExtensions = slices.DeleteFunc(slices.Clone(leaf.UnhandledCriticalExtensions),
			func(id asn1.ObjectIdentifier) bool { return id.Equal(cryptoutils.SANOID) })
	}
	return leaf
}

// signature checks the signature over the digest, or over the envelope.
func (c check) signature() *failure {
	if _, ok := c.signatureHash(); ok {
		return nil
	}
	return fail(Bad, BadSignature, "the signature was not made over this digest with the signer's key")
}

// signatureHash returns the hash with which the signature holds, if it does.
func (c check) signatureHash() (crypto.Hash, bool) {
	content, err := c.bundle.SignatureContent()
	if err != nil {
		return 0, false
	}
	digests := []verify.ArtifactDigest{{Algorithm: "sha256", Digest: c.digest[:]}}
	if verify.VerifySignatureWithArtifactDigests(content, c.content, c.material, digests) == nil {
		return c.defaultHash(), true
	}
	// P-384 over SHA-256: the library's own function for one stage does not
	// know the older clients' way, only its whole verification does.
	leaf := c.content.Certificate()
	if leaf == nil {
		return 0, false
	}
	key, ok := leaf.PublicKey.(*ecdsa.PublicKey)
	if !ok || key.Curve == elliptic.P256() {
		return 0, false
	}
	verifier, err := signature.LoadECDSAVerifier(key, crypto.SHA256)
	if err != nil {
		return 0, false
	}
	if envelope := content.EnvelopeContent(); envelope != nil {
		v, err := dsse.NewEnvelopeVerifier(&sigdsse.VerifierAdapter{SignatureVerifier: verifier, Pub: key})
		if err != nil {
			return 0, false
		}
		_, err = v.Verify(context.Background(), envelope.RawEnvelope())
		return crypto.SHA256, err == nil
	}
	err = verifier.VerifySignature(bytes.NewReader(content.Signature()), nil, options.WithDigest(c.digest[:]))
	return crypto.SHA256, err == nil
}

// defaultHash is what the library hashes with for the signer's key.
func (c check) defaultHash() crypto.Hash {
	var key crypto.PublicKey
	if leaf := c.content.Certificate(); leaf != nil {
		key = leaf.PublicKey
	} else if v, err := c.material.PublicKeyVerifier(c.content.PublicKey().Hint()); err == nil {
		key, _ = v.PublicKey()
	}
	details, err := signature.GetDefaultAlgorithmDetails(key)
	if err != nil {
		return 0
	}
	return details.GetHashType()
}

// logEntry checks that the signature was logged.
func (c check) logEntry() *failure {
	if c.unlogged {
		return nil
	}
	if c.unreadable != nil {
		return fail(Bad, BadLogEntry, "%s", oneLine(c.unreadable))
	}
	entries, err := c.bundle.TlogEntries()
	if err != nil {
		return fail(Malformed, NotABundle, "%s", oneLine(err))
	}
	logs := c.material.RekorLogs()
	known := slices.DeleteFunc(slices.Clone(entries), func(e *tlog.Entry) bool { return logs[logID(e)] == nil })
	if len(entries) == 0 {
		return fail(Untrusted, UntrustedLog, "the bundle has no log entry")
	}
	if len(known) == 0 {
		return fail(Untrusted, UntrustedLog, "the log entry is of no log of the trust root").unknownIf(true)
	}
	_, cause := verify.VerifyTlogEntry(c.bundle, c.material, 1, true)
	if cause == nil {
		return nil
	}
	for _, e := range known {
		if e.HasInclusionPromise() && tlog.VerifySET(e, logs) != nil {
			// The promise fails too if the log's key was not valid at the time.
			always := *logs[logID(e)]
			always.ValidityPeriodStart, always.ValidityPeriodEnd = time.Unix(0, 0), time.Time{}
			if tlog.VerifySET(e, map[string]*root.TransparencyLog{logID(e): &always}) == nil {
				return fail(Untrusted, UntrustedLog, "logged at %s, when the log's key was not valid", stamp(e.IntegratedTime()))
			}
			return fail(Bad, BadLogEntry, "the inclusion promise was not signed by the log over this entry")
		}
		if t := e.IntegratedTime(); !t.IsZero() && !c.content.ValidAtTime(t, c.material) {
			return fail(Bad, BadTimestamp, "logged at %s, when the certificate was not valid", stamp(t))
		}
	}
	return fail(Bad, BadLogEntry, "%s", oneLine(cause))
}

func logID(e *tlog.Entry) string { return hex.EncodeToString([]byte(e.LogKeyID())) }

// time checks that there is a time, and that the certificate was valid then.
func (c check) time() *failure {
	entries := 1
	if c.unlogged {
		entries = 0
	}
	logged, err := verify.VerifyTlogEntry(c.bundle, c.material, entries, true)
	if err != nil {
		return fail(Bad, BadLogEntry, "%s", oneLine(err))
	}
	stamped, _, err := verify.VerifySignedTimestamp(c.bundle, c.material)
	if err != nil {
		return fail(Bad, BadTimestamp, "%s", oneLine(err))
	}
	if len(stamped) == 0 && (len(logged) == 0 || len(c.material.TimestampingAuthorities()) > 0) {
		if f := c.stamps(); f != nil {
			return f
		}
	}
	for _, t := range stamped {
		logged = append(logged, *t)
	}
	leaf := c.leaf()
	if leaf == nil {
		return nil
	}
	if len(logged) == 0 {
		return fail(Untrusted, UntrustedTime, "neither the log nor a timestamp says when the signature was made")
	}
	for _, t := range logged {
		if !c.content.ValidAtTime(t.Time, c.material) {
			return fail(Bad, BadTimestamp, "made at %s, when the certificate was not valid", stamp(t.Time))
		}
		if _, err := verify.VerifyLeafCertificate(t.Time, leaf, c.material); err != nil {
			return fail(Untrusted, UntrustedChain, "made at %s, when the certificate authority was not valid", stamp(t.Time))
		}
	}
	return nil
}

// stamps says why none of the bundle's RFC 3161 timestamps holds; nil if it has
// none.
func (c check) stamps() *failure {
	tokens, err := c.bundle.Timestamps()
	if err != nil || len(tokens) == 0 {
		return nil
	}
	content, err := c.bundle.SignatureContent()
	if err != nil {
		return fail(Malformed, NotABundle, "%s", oneLine(err))
	}
	foreign := false
	for _, token := range tokens[:min(len(tokens), maxTimestamps)] {
		t, err := timestamp.ParseResponse(token)
		if err != nil {
			return fail(Bad, BadTimestamp, "the RFC 3161 timestamp does not hold: %s", oneLine(err))
		}
		if err := sameMessage(t, content.Signature()); err != nil {
			return fail(Bad, BadTimestamp, "the RFC 3161 timestamp %s", err)
		}
		if len(t.Certificates) == 0 {
			return fail(Bad, BadTimestamp, "the RFC 3161 timestamp was not signed by an authority of the trust root")
		}
		foreign = foreign || !c.knowsStamper(t)
	}
	// What holds in itself is of somebody else.
	return fail(Untrusted, UntrustedTime, "the RFC 3161 timestamp is of no timestamp authority of the trust root").unknownIf(foreign)
}

// knowsStamper reports whether the trust root has one of the certificates that a
// timestamp was signed with, whether or not it was valid then.
func (c check) knowsStamper(t *timestamp.Timestamp) bool {
	for _, tsa := range c.material.TimestampingAuthorities() {
		a, ok := tsa.(*root.SigstoreTimestampingAuthority)
		if ok && slices.ContainsFunc(t.Certificates, func(cert *x509.Certificate) bool {
			return cert.Equal(a.Leaf) || cert.Equal(a.Root) || slices.ContainsFunc(a.Intermediates, cert.Equal)
		}) {
			return true
		}
	}
	return false
}

// sameMessage returns why a timestamp is not of a signature, or nil.
func sameMessage(t *timestamp.Timestamp, sig []byte) error {
	if !t.HashAlgorithm.Available() {
		return fmt.Errorf("uses %s", t.HashAlgorithm)
	}
	h := t.HashAlgorithm.New()
	h.Write(sig)
	if !bytes.Equal(h.Sum(nil), t.HashedMessage) {
		return errors.New("is of another signature")
	}
	return nil
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }
