package sigstoretest

import (
	"bytes"
	"cmp"
	"crypto"
	"crypto/elliptic"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/cyberphone/json-canonicalization/go/src/webpki.org/jsoncanonicalizer"
	"github.com/secure-systems-lab/go-securesystemslib/dsse"
	protobundle "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"
	protocommon "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"
	protodsse "github.com/sigstore/protobuf-specs/gen/pb-go/dsse"
	protorekor "github.com/sigstore/protobuf-specs/gen/pb-go/rekor/v1"
	rekortiles "github.com/sigstore/rekor-tiles/v2/pkg/generated/protobuf"
	"google.golang.org/protobuf/encoding/protojson"
)

// mediaTypes is how each version of the bundle format is usually spelled.
var mediaTypes = map[string]string{
	"0.1": "application/vnd.dev.sigstore.bundle+json;version=0.1",
	"0.2": "application/vnd.dev.sigstore.bundle+json;version=0.2",
	"0.3": "application/vnd.dev.sigstore.bundle.v0.3+json",
}

const (
	payloadType = "application/vnd.in-toto+json"

	loggedAfter  = 2 * time.Second
	stampedAfter = time.Second
)

// signed is a signature with what made it.
type signed struct {
	key       crypto.Signer
	hash      crypto.Hash
	cert      *x509.Certificate // nil for a managed key
	pem       []byte            // the certificate, or the managed key
	digest    []byte            // that was signed over
	signature []byte
	payload   []byte // of the DSSE envelope; nil for a message signature
}

func (s *Sigstore) sign(g Signing) (*signed, error) {
	if !g.Flaw.Applies(g) {
		return nil, fmt.Errorf("a bundle signed like this cannot have the flaw %s", g.Flaw)
	}
	s.serial++
	d := &signed{key: g.Key, hash: crypto.SHA256}
	if g.Algorithm == P384SHA384 {
		d.hash = crypto.SHA384
	}
	if g.Key == nil {
		curve := elliptic.P256()
		if g.Algorithm != P256SHA256 {
			curve = elliptic.P384()
		}
		var err error
		if d.key, err = newECDSA(s.seed, fmt.Sprintf("leaf/%d", s.serial), curve); err != nil {
			return nil, err
		}
		if g.SAN == "" || g.Issuer == "" || g.Time.IsZero() {
			return nil, errors.New("a signing needs SAN, Issuer and Time")
		}
		if d.cert, err = s.genuine.leaf(g, s.serial, d.key.Public(), s.stranger); err != nil {
			return nil, fmt.Errorf("certificate: %w", err)
		}
		d.pem = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: d.cert.Raw})
	} else {
		der, err := x509.MarshalPKIXPublicKey(g.Key.Public())
		if err != nil {
			return nil, err
		}
		d.pem = pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
	}

	var envelope []byte // what is signed of it
	switch {
	case g.DSSE:
		var err error
		if d.payload, err = statement(g); err != nil {
			return nil, err
		}
		envelope = dsse.PAE(payloadType, d.payload)
		h := d.hash.New()
		h.Write(envelope)
		d.digest = h.Sum(nil)
	case d.hash == crypto.SHA384:
		d.digest = g.SHA384[:]
	default:
		d.digest = g.Digest[:]
	}
	key := d.key
	if g.Flaw == ForgedSignature {
		var err error
		if key, err = newECDSA(s.seed, "forger", elliptic.P256()); err != nil {
			return nil, err
		}
	}
	var err error
	if g.DSSE {
		d.signature, err = signWith(key, d.hash, envelope)
	} else {
		d.signature, err = key.Sign(nil, d.digest, d.hash)
	}
	return d, err
}

// statement returns an in-toto statement about one artifact.
func statement(g Signing) ([]byte, error) {
	s := map[string]any{
		"_type":         cmp.Or(g.StatementType, "https://in-toto.io/Statement/v1"),
		"subject":       []any{map[string]any{"name": "artifact", "digest": map[string]string{"sha256": hex.EncodeToString(g.Digest[:])}}},
		"predicateType": "https://docs.pypi.org/attestations/publish/v1",
		"predicate":     map[string]any{},
	}
	if g.StatementType == NoStatementType {
		delete(s, "_type")
	}
	return json.Marshal(s)
}

// bundle logs and timestamps a signature and puts everything together.
func (s *Sigstore) bundle(g Signing, d *signed) (*protobundle.Bundle, error) {
	b := &protobundle.Bundle{VerificationMaterial: &protobundle.VerificationMaterial{}}
	version := cmp.Or(g.Version, "0.3")
	usual, ok := mediaTypes[version]
	if !ok {
		return nil, fmt.Errorf("no bundle version %q", version)
	}
	b.MediaType = cmp.Or(g.MediaType, usual)

	material := b.VerificationMaterial
	switch {
	case d.cert == nil:
		material.Content = &protobundle.VerificationMaterial_PublicKey{
			PublicKey: &protocommon.PublicKeyIdentifier{Hint: g.Hint},
		}
	case version == "0.3":
		material.Content = &protobundle.VerificationMaterial_Certificate{
			Certificate: &protocommon.X509Certificate{RawBytes: d.cert.Raw},
		}
	default:
		material.Content = &protobundle.VerificationMaterial_X509CertificateChain{
			X509CertificateChain: &protocommon.X509CertificateChain{
				Certificates: []*protocommon.X509Certificate{{RawBytes: d.cert.Raw}},
			},
		}
	}

	if d.payload != nil {
		b.Content = &protobundle.Bundle_DsseEnvelope{DsseEnvelope: &protodsse.Envelope{
			Payload:     d.payload,
			PayloadType: payloadType,
			Signatures:  []*protodsse.Signature{{Sig: d.signature}},
		}}
	} else {
		algorithm := protocommon.HashAlgorithm_SHA2_256
		if d.hash == crypto.SHA384 {
			algorithm = protocommon.HashAlgorithm_SHA2_384
		}
		b.Content = &protobundle.Bundle_MessageSignature{MessageSignature: &protocommon.MessageSignature{
			MessageDigest: &protocommon.HashOutput{Algorithm: algorithm, Digest: d.digest},
			Signature:     d.signature,
		}}
	}

	if g.Log != NoLog {
		tle, err := s.log(g, d)
		if err != nil {
			return nil, fmt.Errorf("log entry: %w", err)
		}
		material.TlogEntries = []*protorekor.TransparencyLogEntry{tle}
	}
	if g.Timestamp {
		token, err := s.stamp(g, d.signature)
		if err != nil {
			return nil, fmt.Errorf("timestamp: %w", err)
		}
		material.TimestampVerificationData = &protobundle.TimestampVerificationData{
			Rfc3161Timestamps: []*protocommon.RFC3161SignedTimestamp{{SignedTimestamp: token}},
		}
	}
	return b, nil
}

// log enters a signature into a transparency log.
func (s *Sigstore) log(g Signing, d *signed) (*protorekor.TransparencyLogEntry, error) {
	if g.Flaw == OtherEntry {
		other := *d
		other.digest = reversed(d.digest)
		var err error
		if other.signature, err = d.key.Sign(nil, other.digest, d.hash); err != nil {
			return nil, err
		}
		d = &other
	}
	l := s.genuine.logs[g.Log]
	if g.Flaw == UnknownLog {
		l = s.stranger.logs[g.Log]
	}
	when := g.Time.Add(loggedAfter)
	if g.Flaw == LateEntry {
		when = g.Time.Add(2 * leafLifetime)
	}
	kind, version, body, err := entryBody(g, d)
	if err != nil {
		return nil, err
	}
	return l.entry(kind, version, body, when, g, s.stranger.logs[g.Log])
}

func reversed(b []byte) []byte {
	b = bytes.Clone(b)
	slices.Reverse(b)
	return b
}

// entryBody returns the canonical body of a log entry.
func entryBody(g Signing, d *signed) (kind, version string, body []byte, err error) {
	type hash struct {
		Algorithm string `json:"algorithm"`
		Value     string `json:"value"`
	}
	type object map[string]any
	name := strings.ToLower(strings.ReplaceAll(d.hash.String(), "-", "")) // "sha256"
	switch {
	case g.Log != RekorV1:
		body, err = entryBodyV2(d)
		return "hashedrekord", "0.0.2", body, err
	case d.payload != nil && !g.PlainEntry:
		payload := sha256.Sum256(d.payload)
		envelope := sha256.Sum256(d.digest) // of bytes nobody has: it is not checked, nor kept
		body, err = canonicalJSON(object{"apiVersion": "0.0.1", "kind": "dsse", "spec": object{
			"envelopeHash": hash{"sha256", hex.EncodeToString(envelope[:])},
			"payloadHash":  hash{"sha256", hex.EncodeToString(payload[:])},
			"signatures":   []any{object{"signature": d.signature, "verifier": d.pem}},
		}})
		return "dsse", "0.0.1", body, err
	default:
		body, err = canonicalJSON(object{"apiVersion": "0.0.1", "kind": "hashedrekord", "spec": object{
			"data":      object{"hash": hash{name, hex.EncodeToString(d.digest)}},
			"signature": object{"content": d.signature, "publicKey": object{"content": d.pem}},
		}})
		return "hashedrekord", "0.0.1", body, err
	}
}

// entryBodyV2 returns the body of a Rekor v2 entry, hashedrekord 0.0.2.
func entryBodyV2(d *signed) ([]byte, error) {
	details, algorithm := protocommon.PublicKeyDetails_PKIX_ECDSA_P256_SHA_256, protocommon.HashAlgorithm_SHA2_256
	if d.hash == crypto.SHA384 {
		details, algorithm = protocommon.PublicKeyDetails_PKIX_ECDSA_P384_SHA_384, protocommon.HashAlgorithm_SHA2_384
	}
	verifier := &rekortiles.Verifier{KeyDetails: details}
	if d.cert != nil {
		verifier.Verifier = &rekortiles.Verifier_X509Certificate{
			X509Certificate: &protocommon.X509Certificate{RawBytes: d.cert.Raw},
		}
	} else {
		block, _ := pem.Decode(d.pem)
		verifier.Verifier = &rekortiles.Verifier_PublicKey{PublicKey: &rekortiles.PublicKey{RawBytes: block.Bytes}}
	}
	body, err := protojson.Marshal(&rekortiles.Entry{
		ApiVersion: "0.0.2",
		Kind:       "hashedrekord",
		Spec: &rekortiles.Spec{Spec: &rekortiles.Spec_HashedRekordV002{
			HashedRekordV002: &rekortiles.HashedRekordLogEntryV002{
				Data:      &protocommon.HashOutput{Algorithm: algorithm, Digest: d.digest},
				Signature: &rekortiles.Signature{Content: d.signature, Verifier: verifier},
			},
		}},
	})
	if err != nil {
		return nil, err
	}
	return jsoncanonicalizer.Transform(body)
}

// stamp has the timestamp authority confirm when a signature existed.
func (s *Sigstore) stamp(g Signing, sig []byte) ([]byte, error) {
	when, a := g.Time.Add(stampedAfter), s.genuine
	switch g.Flaw {
	case LateTimestamp:
		when = g.Time.Add(2 * leafLifetime)
	case OtherTimestamp:
		sig = reversed(sig)
	case UnknownTSA:
		a = s.stranger
	}
	token, err := a.timestamp(sig, when)
	if err == nil && g.Flaw == DamagedTimestamp {
		token[len(token)-1] ^= 1 // its signature comes last
	}
	return token, err
}

// marshal returns the bundle's JSON on one line.
func marshal(b *protobundle.Bundle) ([]byte, error) {
	data, err := protojson.Marshal(b)
	if err != nil {
		return nil, err
	}
	// The library's JSON has white space that differs from build to build.
	var out bytes.Buffer
	if err := json.Compact(&out, data); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}
