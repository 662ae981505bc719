package sigstore

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/x509"
	"encoding/asn1"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/digitorus/timestamp"
	protobundle "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"
	protocommon "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"
	protorekor "github.com/sigstore/protobuf-specs/gen/pb-go/rekor/v1"
	"github.com/sigstore/sigstore-go/pkg/bundle"
	"github.com/sigstore/sigstore-go/pkg/fulcio/certificate"
	"github.com/sigstore/sigstore-go/pkg/tlog"
	"golang.org/x/mod/semver"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
)

const (
	mediaTypePrefix = "application/vnd.dev.sigstore.bundle" // of every version
	maxMediaType    = 2 * len(mediaTypePrefix)
	maxTimestamps   = 32 // more, and the library refuses the bundle
)

// parse reads a bundle's bytes. If they are no bundle that can be judged, the
// returned bundle is nil and the result says why.
func parse(data []byte) (*protobundle.Bundle, Result) {
	malformed := func(reason Reason, format string, a ...any) (*protobundle.Bundle, Result) {
		return nil, Result{Status: Malformed, Reason: reason, Detail: fmt.Sprintf(format, a...)}
	}
	text := bytes.TrimSpace(bytes.TrimPrefix(data, []byte("\ufeff")))
	switch {
	case len(data) > MaxBundleSize:
		return malformed(TooLarge, "larger than %d bytes", MaxBundleSize)
	case len(text) == 0:
		return malformed(Empty, "empty file")
	case text[0] == '<':
		return malformed(HTML, "a web page, not a bundle")
	case !json.Valid(text):
		return malformed(NotJSON, "not JSON")
	case !json.Valid(data):
		return malformed(NotJSON, "JSON behind a byte order mark, which JSON must not have") // RFC 8259, section 8.1
	}

	// The version decides first: a newer bundle may hold anything.
	var head struct {
		MediaType string `json:"mediaType"`
	}
	if err := json.Unmarshal(data, &head); err != nil || !strings.HasPrefix(head.MediaType, mediaTypePrefix) || len(head.MediaType) > maxMediaType {
		return malformed(NotABundle, "JSON without a bundle's media type")
	}
	facts := Result{MediaType: head.MediaType}
	version, err := (&bundle.Bundle{Bundle: &protobundle.Bundle{MediaType: head.MediaType}}).Version()
	facts.BundleVersion = strings.TrimPrefix(version, "v")
	if err != nil || semver.Compare(version, "v0.1") < 0 || semver.Compare(version, "v0.4") >= 0 {
		facts.Status, facts.Reason = Incompatible, NewerBundle
		facts.Detail = fmt.Sprintf("bundle version of media type %q is not known", head.MediaType)
		return nil, facts
	}

	pb := new(protobundle.Bundle)
	if err := protojson.Unmarshal(data, pb); err != nil {
		facts.Status, facts.Reason, facts.Detail = Malformed, NotABundle, oneLine(err)
		return nil, facts
	}
	describe(pb, &facts)
	return pb, facts
}

// describe fills in what a bundle says of itself; nothing is verified.
func describe(pb *protobundle.Bundle, r *Result) {
	if m := pb.GetMessageSignature(); m != nil {
		r.HashAlgorithm = hashName(m.GetMessageDigest().GetAlgorithm())
	}
	if pb.GetDsseEnvelope() != nil {
		r.PredicateType = predicateType(pb)
	}
	if leaf := leafCertificate(pb); leaf != nil {
		r.KeyAlgorithm = keyName(leaf.PublicKey)
		r.IssuerV1Only = issuerV1Only(leaf)
		if s, err := certificate.SummarizeCertificate(leaf); err == nil {
			r.Claimed = Identity{SAN: s.SubjectAlternativeName, Issuer: s.Issuer}
		}
	}
	r.DeprecatedP384 = r.KeyAlgorithm == "ECDSA-P384" && r.HashAlgorithm == "SHA-256"

	material := pb.GetVerificationMaterial()
	if entries := material.GetTlogEntries(); len(entries) > 0 && entries[0] != nil {
		e := entries[0]
		r.LogIndex = e.GetLogIndex()
		r.LogID = hex.EncodeToString(e.GetLogId().GetKeyId())
		r.RekorVersion = rekorVersion(e)
		if t := e.GetIntegratedTime(); t != 0 && r.RekorVersion == 1 {
			r.LogTime = time.Unix(t, 0).UTC()
		}
		r.InclusionPromise = len(e.GetInclusionPromise().GetSignedEntryTimestamp()) > 0
		r.InclusionProof = e.GetInclusionProof() != nil
		r.Checkpoint = e.GetInclusionProof().GetCheckpoint().GetEnvelope() != ""
	}
	tokens := material.GetTimestampVerificationData().GetRfc3161Timestamps()
	for _, t := range tokens[:min(len(tokens), maxTimestamps)] {
		if ts, err := timestamp.ParseResponse(t.GetSignedTimestamp()); err == nil {
			r.Timestamps = append(r.Timestamps, ts.Time.UTC())
		}
	}
}

// predicateType returns the predicate type of the in-toto statement that the
// bundle signs, "unknown" if the statement names none.
func predicateType(pb *protobundle.Bundle) string {
	content, err := (&bundle.Bundle{Bundle: pb}).SignatureContent()
	if err != nil || content.EnvelopeContent() == nil {
		return "unknown"
	}
	statement, err := content.EnvelopeContent().Statement()
	if err != nil || statement.GetPredicateType() == "" {
		return "unknown"
	}
	return oneLine(errors.New(statement.GetPredicateType()))
}

// rekorVersion returns which Rekor the library takes an entry for. Where the
// body says more than one thing, that decides what is verified of it.
func rekorVersion(e *protorekor.TransparencyLogEntry) int {
	if entry, err := tlog.ParseTransparencyLogEntry(e); err == nil && entry.IsRekorV2() {
		return 2
	}
	return 1
}

// leafCertificate returns the signing certificate, or nil.
func leafCertificate(pb *protobundle.Bundle) *x509.Certificate {
	raw := pb.GetVerificationMaterial().GetCertificate().GetRawBytes()
	if chain := pb.GetVerificationMaterial().GetX509CertificateChain().GetCertificates(); len(chain) > 0 {
		raw = chain[0].GetRawBytes()
	}
	leaf, err := x509.ParseCertificate(raw)
	if err != nil {
		return nil
	}
	return leaf
}

// The certificate extensions with the OIDC issuer, as raw bytes and as a DER
// string (github.com/sigstore/fulcio/blob/main/docs/oid-info.md).
var (
	oidIssuerV1 = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 57264, 1, 1}
	oidIssuerV2 = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 57264, 1, 8}
)

// issuerV1Only reports whether the OIDC issuer stands only in the extension
// that Fulcio has deprecated. The library reads both into one field.
func issuerV1Only(leaf *x509.Certificate) bool {
	v1, v2 := false, false
	for _, e := range leaf.Extensions {
		v1 = v1 || e.Id.Equal(oidIssuerV1)
		v2 = v2 || e.Id.Equal(oidIssuerV2)
	}
	return v1 && !v2
}

// withoutIncompleteProofs returns a copy of a bundle without those inclusion
// proofs that lack their checkpoint, and whether there were any.
func withoutIncompleteProofs(pb *protobundle.Bundle) (*protobundle.Bundle, bool) {
	pb = proto.Clone(pb).(*protobundle.Bundle)
	found := false
	for _, e := range pb.GetVerificationMaterial().GetTlogEntries() {
		if e.GetInclusionProof() != nil && e.GetInclusionProof().GetCheckpoint().GetEnvelope() == "" {
			e.InclusionProof = nil
			found = true
		}
	}
	return pb, found
}

// unreadableEntry returns why the body of a log entry cannot be read, or nil.
// The body is what the log stored, so the bundle may be well formed all the
// same: reading a hashedrekord checks the signature in it, for one.
func unreadableEntry(pb *protobundle.Bundle) error {
	for _, e := range pb.GetVerificationMaterial().GetTlogEntries() {
		if len(e.GetCanonicalizedBody()) == 0 || e.GetKindVersion() == nil {
			continue // incomplete, which is for the library to say
		}
		if _, err := tlog.NewTlogEntry(e); err != nil {
			return fmt.Errorf("log entry: %w", err)
		}
	}
	return nil
}

func hashName(a protocommon.HashAlgorithm) string {
	switch a {
	case protocommon.HashAlgorithm_SHA2_256:
		return "SHA-256"
	case protocommon.HashAlgorithm_SHA2_384:
		return "SHA-384"
	case protocommon.HashAlgorithm_SHA2_512:
		return "SHA-512"
	case protocommon.HashAlgorithm_HASH_ALGORITHM_UNSPECIFIED:
		return ""
	default:
		return a.String()
	}
}

func keyName(key any) string {
	switch k := key.(type) {
	case *ecdsa.PublicKey:
		switch k.Curve {
		case elliptic.P256():
			return "ECDSA-P256"
		case elliptic.P384():
			return "ECDSA-P384"
		case elliptic.P521():
			return "ECDSA-P521"
		}
		return "ECDSA"
	case ed25519.PublicKey:
		return "Ed25519"
	case *rsa.PublicKey:
		return fmt.Sprintf("RSA-%d", k.N.BitLen())
	default:
		return ""
	}
}

// oneLine returns an error's text on one line, printable and of bounded length:
// libraries quote from the file, and some vary their white space from build to
// build.
func oneLine(err error) string {
	const limit = 300
	s := strings.Join(strings.Fields(err.Error()), " ")
	s = strings.Map(func(r rune) rune {
		if r == utf8.RuneError || !unicode.IsPrint(r) {
			return '?'
		}
		return r
	}, s)
	if r := []rune(s); len(r) > limit {
		s = string(r[:limit]) + "..."
	}
	return s
}
