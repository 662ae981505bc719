package sigstore

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
	"unicode/utf8"

	protobundle "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"
	protocommon "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"
	protorekor "github.com/sigstore/protobuf-specs/gen/pb-go/rekor/v1"
	"google.golang.org/protobuf/proto"
)

// MaxPairSize is the size in bytes above which either file of a .sig and .crt
// pair is refused. They have less than 2 KiB each.
const MaxPairSize = 16 << 10

// pairMediaType is of the bundle that a pair and its log entry are put together
// to: one that must hold an inclusion proof.
const pairMediaType = mediaTypePrefix + ".v0.3+json"

// VerifyPair checks a .sig and .crt pair, as it was published before there were
// bundles, against the SHA-256 digest of an artifact. The .sig holds a signature
// in base64, the .crt its certificate in PEM, or that in base64 once more.
//
// The pair has no proof that the signature was logged while its certificate was
// valid. The log is asked for the entry of this very signature and certificate,
// and the two are put together to the bundle that they would have made, which
// has to stand up to everything that Verify demands, by the same policy. The
// pass of such a bundle is called GoodFromLog: nobody can repeat it without
// asking the log. Every other status and reason means what it means for a bundle.
//
// What is wrong without regard to the log is found without asking it. Otherwise
// a pair is Incompatible with NoLogProof if log is nil (offline) and with
// NotInLog if the log knows no such entry, which is not held against the
// signature: nothing proves an answer of the log to be complete. It is Unchecked
// with LookupFailed if the log could not be asked. An error of the log's Post is
// in Result.Detail.
func (v *Verifier) VerifyPair(ctx context.Context, sig, crt []byte, digest [32]byte, p Policy, log *Log) Result {
	pb, r := parsePair(sig, crt, digest)
	if pb == nil {
		return r
	}
	if err := p.Validate(); err != nil {
		return r.with(Unchecked, BadPolicy, "%s", oneLine(err))
	}
	alone := v.judge(pb, digest, p, r)
	if alone.Status != Untrusted || alone.Reason != UntrustedLog {
		return alone
	}
	if log == nil {
		return r.with(Incompatible, NoLogProof, "a .sig and .crt pair has no proof of logging; it could be checked only by asking the transparency log")
	}
	entries, err := log.entries(ctx, pb)
	if err == nil && len(entries) == 0 {
		return r.with(Incompatible, NotInLog, "the transparency log shows no entry with this signature and certificate")
	}

	// Anybody can have a signature logged again, and late: one entry that holds
	// is enough, as it is for everybody who asks the log.
	var best Result
	for i, e := range entries {
		b := proto.Clone(pb).(*protobundle.Bundle)
		b.VerificationMaterial.TlogEntries = []*protorekor.TransparencyLogEntry{e}
		facts := r
		describe(b, &facts)
		if got := v.judge(b, digest, p, facts); i == 0 || got.rank() > best.rank() {
			best = got
		}
	}
	switch {
	case best.Status == Good:
		best.Status = GoodFromLog
	case best.rank() == 0 && err != nil:
		return r.with(Unchecked, LookupFailed, "%s", oneLine(err))
	}
	return best
}

// rank orders what several entries of one signature come to.
func (r Result) rank() int {
	switch r.Status {
	case Good:
		return 2
	case WrongIdentity: // everything else holds
		return 1
	}
	return 0
}

// parsePair reads a pair as the bundle that it would be with its log entry. If
// it is no pair, the bundle is nil and the result says why. The result does not
// speak of a bundle: there is none.
func parsePair(sig, crt []byte, digest [32]byte) (*protobundle.Bundle, Result) {
	signature, bad := parseSig(sig)
	if bad != nil {
		return nil, Result{}.with(bad.status, bad.reason, "the .sig is %s", bad.detail)
	}
	cert, bad := parseCrt(crt)
	if bad != nil {
		return nil, Result{}.with(bad.status, bad.reason, "the .crt is %s", bad.detail)
	}
	pb := &protobundle.Bundle{
		MediaType: pairMediaType,
		VerificationMaterial: &protobundle.VerificationMaterial{
			Content: &protobundle.VerificationMaterial_Certificate{
				Certificate: &protocommon.X509Certificate{RawBytes: cert.Raw},
			},
		},
		Content: &protobundle.Bundle_MessageSignature{MessageSignature: &protocommon.MessageSignature{
			MessageDigest: &protocommon.HashOutput{Algorithm: protocommon.HashAlgorithm_SHA2_256, Digest: digest[:]},
			Signature:     signature,
		}},
	}
	var r Result
	describe(pb, &r)
	return pb, r
}

// parseSig reads a .sig: a signature in base64.
func parseSig(data []byte) ([]byte, *failure) {
	text, bad := pairText(data)
	if bad != nil {
		return nil, bad
	}
	signature, err := base64.StdEncoding.DecodeString(string(text))
	if err != nil {
		return nil, fail(Malformed, NotAPair, "not a signature in base64")
	}
	return signature, nil
}

// parseCrt reads a .crt: one certificate in PEM, or that in base64.
func parseCrt(data []byte) (*x509.Certificate, *failure) {
	text, bad := pairText(data)
	if bad != nil {
		return nil, bad
	}
	if decoded, err := base64.StdEncoding.DecodeString(string(text)); err == nil {
		text = bytes.TrimSpace(decoded)
	}
	cert, err := onlyCertificate(text)
	if err != nil {
		return nil, fail(Malformed, NotAPair, "%s", oneLine(err))
	}
	return cert, nil
}

// onlyCertificate reads PEM that holds one certificate and nothing else.
func onlyCertificate(text []byte) (*x509.Certificate, error) {
	block, rest := pem.Decode(text)
	switch {
	case block == nil || !bytes.HasPrefix(text, []byte("-----BEGIN ")):
		return nil, errors.New("not a certificate in PEM")
	case block.Type != "CERTIFICATE":
		return nil, fmt.Errorf("PEM of another kind (%q)", block.Type)
	case len(bytes.TrimSpace(rest)) > 0:
		return nil, errors.New("more than one certificate")
	}
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("not a certificate: %w", err)
	}
	return cert, nil
}

// pairText returns the text of either file of a pair, without the white space
// around it.
func pairText(data []byte) ([]byte, *failure) {
	text := bytes.TrimSpace(data)
	switch {
	case len(data) > MaxPairSize:
		return nil, fail(Malformed, TooLarge, "larger than %d bytes", MaxPairSize)
	case len(text) == 0:
		return nil, fail(Malformed, Empty, "empty")
	case text[0] == '<':
		return nil, fail(Malformed, HTML, "a web page")
	case !utf8.Valid(text) || slices.Contains(text, 0):
		return nil, fail(Malformed, NotAPair, "not text")
	}
	return text, nil
}
