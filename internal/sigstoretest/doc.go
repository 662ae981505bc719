// Package sigstoretest is a whole private Sigstore in memory: a certificate
// authority, a certificate transparency log, transparency logs of both kinds
// (Rekor v1 and v2) and a timestamp authority. Its bundles hold everything that
// those of the public Sigstore hold, so that they pass, or fail, the very same
// verifier: there is no lenient mode for tests and demonstrations.
//
// What it makes is not secret and not to be trusted anywhere: all its keys
// follow from a seed that is written down in a test or a generator.
//
//	s, err := sigstoretest.New("demo", time.Date(2022, 1, 1, 0, 0, 0, 0, time.UTC))
//	root, err := s.TrustRoot()
//	bundle, err := s.Sign(sigstoretest.Signing{
//		Digest: sha256.Sum256(artifact),
//		SAN:    "rm@example.org",
//		Issuer: "https://accounts.example.org",
//		Time:   time.Date(2024, 6, 1, 12, 0, 0, 0, time.UTC),
//	})
//
// Same seed, same start and same order of calls give the same bytes, but for
// RFC 3161 timestamps: the library that makes those puts a random serial number
// and the time of day into them.
package sigstoretest
