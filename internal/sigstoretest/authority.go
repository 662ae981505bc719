package sigstoretest

import (
	"crypto"
	"crypto/elliptic"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"
	"math/big"
	"net/url"
	"strings"
	"time"

	ct "github.com/google/certificate-transparency-go"
	"github.com/google/certificate-transparency-go/tls"
	ctx509 "github.com/google/certificate-transparency-go/x509"
	"github.com/google/certificate-transparency-go/x509util"

	"github.com/digitorus/timestamp"
)

// Fulcio's certificate extensions: the OIDC issuer, first as raw bytes, then
// as a DER string (github.com/sigstore/fulcio/blob/main/docs/oid-info.md).
var (
	oidIssuerV1 = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 57264, 1, 1}
	oidIssuerV2 = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 57264, 1, 8}
	oidSCTList  = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 11129, 2, 4, 2} // RFC 6962, section 3.3
	oidExtUsage = asn1.ObjectIdentifier{2, 5, 29, 37}
	oidTimeUse  = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 3, 8}
	oidTSA      = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 57264, 2} // timestamping policy
)

const (
	lifetimeYears = 200              // of everything but leaf certificates
	leafLifetime  = 10 * time.Minute // as Fulcio's
)

// authority is one complete set of services.
type authority struct {
	root, issuer *x509.Certificate
	issuerKey    crypto.Signer
	ctKey        crypto.Signer
	tsaRoot, tsa *x509.Certificate
	tsaKey       ecdsaKey
	logs         map[Log]*log
}

func newAuthority(seed string, start time.Time) (*authority, error) {
	a := &authority{logs: make(map[Log]*log)}
	end := start.AddDate(lifetimeYears, 0, 0)

	rootKey, err := newECDSA(seed, "fulcio-root", elliptic.P256())
	if err != nil {
		return nil, err
	}
	ca := x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: start, NotAfter: end,
		Subject:               pkix.Name{CommonName: "sigstore", Organization: []string{"sigstore.test"}},
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
		BasicConstraintsValid: true, IsCA: true,
	}
	if a.root, err = certify(&ca, &ca, rootKey.Public(), rootKey); err != nil {
		return nil, err
	}
	issuerKey, err := newECDSA(seed, "fulcio-intermediate", elliptic.P256())
	if err != nil {
		return nil, err
	}
	ca.SerialNumber = big.NewInt(2)
	ca.Subject.CommonName = "sigstore-intermediate"
	ca.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning}
	ca.MaxPathLenZero = true
	if a.issuer, err = certify(&ca, a.root, issuerKey.Public(), rootKey); err != nil {
		return nil, err
	}
	a.issuerKey = issuerKey

	if a.ctKey, err = newECDSA(seed, "ct-log", elliptic.P256()); err != nil {
		return nil, err
	}

	tsaRootKey, err := newECDSA(seed, "tsa-root", elliptic.P256())
	if err != nil {
		return nil, err
	}
	ca.SerialNumber = big.NewInt(3)
	ca.Subject.CommonName = "sigstore-tsa-selfsigned"
	ca.ExtKeyUsage = nil
	ca.MaxPathLenZero = false
	if a.tsaRoot, err = certify(&ca, &ca, tsaRootKey.Public(), tsaRootKey); err != nil {
		return nil, err
	}
	if a.tsaKey, err = newECDSA(seed, "tsa", elliptic.P256()); err != nil {
		return nil, err
	}
	// RFC 3161, section 2.3: the usage must be critical, which only an extra
	// extension can be.
	usage, err := asn1.Marshal([]asn1.ObjectIdentifier{oidTimeUse})
	if err != nil {
		return nil, err
	}
	if a.tsa, err = certify(&x509.Certificate{
		SerialNumber: big.NewInt(4), NotBefore: start, NotAfter: end,
		Subject:         pkix.Name{CommonName: "sigstore-tsa", Organization: []string{"sigstore.test"}},
		KeyUsage:        x509.KeyUsageDigitalSignature,
		ExtraExtensions: []pkix.Extension{{Id: oidExtUsage, Critical: true, Value: usage}},
	}, a.tsaRoot, a.tsaKey.Public(), tsaRootKey); err != nil {
		return nil, err
	}

	v1, err := newECDSA(seed, "rekor-v1", elliptic.P256())
	if err != nil {
		return nil, err
	}
	ed, err := newEd25519(seed, "rekor-v2-ed25519")
	if err != nil {
		return nil, err
	}
	ec, err := newECDSA(seed, "rekor-v2-ecdsa", elliptic.P256())
	if err != nil {
		return nil, err
	}
	for kind, key := range map[Log]crypto.Signer{RekorV1: v1, RekorV2: ed, RekorV2ECDSA: ec} {
		if a.logs[kind], err = newLog(kind, key); err != nil {
			return nil, err
		}
	}
	return a, nil
}

// certify issues a certificate and reads it back.
func certify(template, parent *x509.Certificate, pub crypto.PublicKey, key crypto.Signer) (*x509.Certificate, error) {
	der, err := x509.CreateCertificate(nil, template, parent, pub, key)
	if err != nil {
		return nil, err
	}
	return x509.ParseCertificate(der)
}

// leaf issues a signing certificate the way Fulcio does: valid for ten minutes,
// with the identity, its issuer, and the promise of the certificate log.
func (a *authority) leaf(g Signing, serial int64, pub crypto.PublicKey, stranger *authority) (*x509.Certificate, error) {
	template := &x509.Certificate{
		SerialNumber: big.NewInt(serial), NotBefore: g.Time, NotAfter: g.Time.Add(leafLifetime),
		KeyUsage:    x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning},
	}
	if strings.Contains(g.SAN, "://") {
		u, err := url.Parse(g.SAN)
		if err != nil {
			return nil, fmt.Errorf("SAN: %w", err)
		}
		template.URIs = []*url.URL{u}
	} else {
		template.EmailAddresses = []string{g.SAN}
	}
	template.ExtraExtensions = []pkix.Extension{{Id: oidIssuerV1, Value: []byte(g.Issuer)}}
	if !g.IssuerV1Only {
		der, err := asn1.MarshalWithParams(g.Issuer, "utf8")
		if err != nil {
			return nil, err
		}
		template.ExtraExtensions = append(template.ExtraExtensions, pkix.Extension{Id: oidIssuerV2, Value: der})
	}

	issuer, issuerKey := a.issuer, a.issuerKey
	if g.Flaw == ForgedChain {
		issuer, issuerKey = stranger.issuer, stranger.issuerKey
	}
	cert, err := certify(template, issuer, pub, issuerKey)
	if err != nil || g.Flaw == NoSCT {
		return cert, err
	}

	id, key := a.ctKey, a.ctKey
	switch g.Flaw {
	case UnknownCTLog:
		id, key = stranger.ctKey, stranger.ctKey
	case ForgedSCT:
		key = stranger.ctKey
	}
	scts, err := signSCT(cert, issuer, id.Public(), key, g.Time)
	if err != nil {
		return nil, fmt.Errorf("SCT: %w", err)
	}
	// As the last extension, so that taking it out again, as a verifier does
	// (RFC 6962, section 3.2), gives the bytes that the log signed.
	template.ExtraExtensions = append(template.ExtraExtensions, pkix.Extension{Id: oidSCTList, Value: scts})
	return certify(template, issuer, pub, issuerKey)
}

// signSCT is the certificate log: it returns the list of its one signed
// timestamp (RFC 6962, section 3.3) for a certificate without such a list.
func signSCT(cert, issuer *x509.Certificate, id crypto.PublicKey, key crypto.Signer, t time.Time) ([]byte, error) {
	pkix, err := x509.MarshalPKIXPublicKey(id)
	if err != nil {
		return nil, err
	}
	sct := ct.SignedCertificateTimestamp{
		SCTVersion: ct.V1,
		LogID:      ct.LogID{KeyID: sha256.Sum256(pkix)},
		Timestamp:  uint64(t.UnixMilli()),
	}
	input, err := ct.SerializeSCTSignatureInput(sct, ct.LogEntry{Leaf: ct.MerkleTreeLeaf{
		Version:  ct.V1,
		LeafType: ct.TimestampedEntryLeafType,
		TimestampedEntry: &ct.TimestampedEntry{
			Timestamp: sct.Timestamp,
			EntryType: ct.PrecertLogEntryType,
			PrecertEntry: &ct.PreCert{
				IssuerKeyHash:  sha256.Sum256(issuer.RawSubjectPublicKeyInfo),
				TBSCertificate: cert.RawTBSCertificate,
			},
		},
	}})
	if err != nil {
		return nil, err
	}
	sig, err := signWith(key, crypto.SHA256, input)
	if err != nil {
		return nil, err
	}
	sct.Signature = ct.DigitallySigned{
		Algorithm: tls.SignatureAndHashAlgorithm{Hash: tls.SHA256, Signature: tls.ECDSA},
		Signature: sig,
	}
	list, err := x509util.MarshalSCTsIntoSCTList([]*ct.SignedCertificateTimestamp{&sct})
	if err != nil {
		return nil, err
	}
	return marshalSCTList(list)
}

func marshalSCTList(list *ctx509.SignedCertificateTimestampList) ([]byte, error) {
	data, err := tls.Marshal(*list)
	if err != nil {
		return nil, err
	}
	return asn1.Marshal(data)
}

// timestamp is the timestamp authority: it returns an RFC 3161 response over
// the signature.
func (a *authority) timestamp(sig []byte, t time.Time) ([]byte, error) {
	digest := sha256.Sum256(sig)
	token := timestamp.Timestamp{
		HashAlgorithm:     crypto.SHA256,
		HashedMessage:     digest[:],
		Time:              t,
		Policy:            oidTSA,
		AddTSACertificate: true,
	}
	return token.CreateResponseWithOpts(a.tsa, a.tsaKey.PrivateKey, crypto.SHA256)
}
