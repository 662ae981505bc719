package report

import (
	"fmt"
	"slices"

	"migrate/compare"
	"migrate/internal/release"
	"migrate/keyrings"
	"migrate/pgp"
	"migrate/sigstore"
)

// This file leads back from a document to the evidence that it was made from,
// so that artifacts of several reports can be judged beside each other. Nothing
// of the judgement is taken over: neither verdicts nor findings.

// evidence is what newArtifact was given.
func (a *Artifact) evidence() (compare.Evidence, error) {
	version, err := release.ParseVersion(a.Version)
	if err != nil {
		return compare.Evidence{}, fmt.Errorf("artifact %s: %w", a.Place(), err)
	}
	e := compare.Evidence{
		Name: release.Name{
			File:     a.Name,
			Upstream: a.Upstream,
			Version:  version,
			Kind:     release.Kind(a.Kind),
			Role:     release.Role(a.Role),
			Platform: a.Platform,
		},
		Location:   a.Path,
		URL:        a.URL,
		Size:       sizeOf(a.Size),
		SHA256:     a.SHA256,
		MD5:        a.MD5,
		PGP:        a.PGP.result(),
		Sigstore:   a.Sigstore.result(),
		PGPFile:    compare.Sidecar{Location: a.PGP.File, SHA256: a.PGP.FileSHA256},
		Bundle:     compare.Sidecar{Location: a.Sigstore.File, SHA256: a.Sigstore.FileSHA256},
		Sig:        compare.Sidecar{Location: a.Sigstore.SigFile, SHA256: a.Sigstore.SigSHA256},
		Crt:        compare.Sidecar{Location: a.Sigstore.CrtFile, SHA256: a.Sigstore.CrtSHA256},
		LegacyPair: a.Sigstore.LegacyPair,
		PGPUnseen:  a.PGP.Unseen,
		Trouble:    a.Trouble,
		Expected:   a.Expected.expectation(),

		ETag: a.ETag, LastModified: a.LastModified, Verified: a.Verified.Time,
	}
	if e.Name.Upstream == "" {
		e.Name.Upstream = a.Name
	}
	if e.Location == "" {
		e.Location = a.URL
	}
	for _, p := range a.Published {
		e.Published = append(e.Published, p.published())
	}
	return e, nil
}

func (p *Published) published() compare.Published {
	out := compare.Published{By: p.By, Size: sizeOf(p.Size), SHA256: p.SHA256, MD5: p.MD5, Hint: p.Hint}
	for _, l := range p.Links {
		if out.Links == nil {
			out.Links = make(map[release.Sidecar]string, len(p.Links))
		}
		out.Links[release.Sidecar(l.Sidecar)] = l.At
	}
	return out
}

// sizeOf is the inverse of known.
func sizeOf(size *int64) int64 {
	if size == nil {
		return -1
	}
	return *size
}

func (p *PGP) result() pgp.Result {
	return pgp.Result{
		Status:          p.Status,
		Reason:          p.Reason,
		Weaknesses:      slices.Clone(p.Weaknesses),
		Detail:          p.Detail,
		Certificate:     pgp.Fingerprint(p.Certificate),
		SigningKey:      pgp.Fingerprint(p.SigningKey),
		UserID:          p.UserID,
		Algorithm:       p.Algorithm,
		Issuer:          p.Issuer,
		Hash:            p.Hash,
		Created:         p.Created.Time,
		Expires:         p.Expires.Time,
		Version:         p.PacketVersion,
		KeyExpiredSince: p.KeyExpiredSince.Time,
		KeyRevokedSince: p.KeyRevokedSince.Time,
		Signatures:      p.Signatures,
		Others:          slices.Clone(p.Others),
	}
}

func (s *Sigstore) result() sigstore.Result {
	r := sigstore.Result{
		Status:           s.Status,
		Reason:           s.Reason,
		Detail:           s.Detail,
		NewerThanRoot:    s.NewerThanRoot,
		Identity:         sigstore.Identity(s.Identity),
		Claimed:          sigstore.Identity(s.Claimed),
		MediaType:        s.MediaType,
		BundleVersion:    s.BundleVersion,
		KeyAlgorithm:     s.KeyAlgorithm,
		HashAlgorithm:    s.HashAlgorithm,
		PredicateType:    s.PredicateType,
		DeprecatedP384:   s.DeprecatedP384,
		LogID:            s.LogID,
		RekorVersion:     s.RekorVersion,
		LogTime:          s.LogTime.Time,
		InclusionPromise: s.InclusionPromise,
		InclusionProof:   s.InclusionProof,
		Checkpoint:       s.Checkpoint,
		IssuerV1Only:     s.IssuerV1Only,
		PromiseHolds:     s.PromiseHolds,
		PromiseIdentity:  sigstore.Identity(s.PromiseIdentity),
	}
	if s.LogIndex != nil {
		r.LogIndex = *s.LogIndex
	}
	for _, t := range s.Timestamps {
		r.Timestamps = append(r.Timestamps, t.Time)
	}
	return r
}

func (e *Expected) expectation() keyrings.Expectation {
	out := keyrings.Expectation{
		PGP:            e.PGP.Presence,
		PGPReason:      e.PGP.Reason,
		Sigstore:       e.Sigstore.Presence,
		SigstoreReason: e.Sigstore.Reason,
		SamePerson:     e.SamePerson,
		Recalled:       e.Recalled,
		Known:          e.Known,
	}
	for _, f := range e.PGP.Signers {
		out.Signers = append(out.Signers, pgp.Fingerprint(f))
	}
	for _, id := range e.Sigstore.Identities {
		out.Identities = append(out.Identities, sigstore.Identity(id))
	}
	for _, p := range e.Sigstore.Patterns {
		out.Patterns = append(out.Patterns, sigstore.Pattern(p))
	}
	return out
}
