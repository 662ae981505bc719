package compare

// sigstoreEntries explain what a bundle, or its absence, gives rise to.
var sigstoreEntries = []Entry{
	{
		Code:  "sigstore/back-filled",
		Level: Note,
		Title: "The bundle was made long after the release",
		Meaning: "The bundle was logged more than two weeks after the release existed, as its PGP signature or the signatures of later releases show. Bundles for some older releases were made after the fact, and some were made again after a mistake: those of 3.10.1 came 485 days later. " +
			"The bundle proves what the file was on the day it was signed, not on the day it was released.",
		Action: "Nothing, if the PGP signature of the time is good as well: then both speak of the same bytes. If there is none, compare the digest with a copy from the time of the release.",
		Source: "the transparency log's time in the bundle, against the earliest signature that shows the release to have existed",
	},
	{
		Code:  "sigstore/bad",
		Level: Error,
		Title: "The bundle does not hold",
		Meaning: "The bundle was understood, and a check in it failed, for a reason that has no code of its own. The message has the words of the library that refused. " +
			"A bundle that does not hold proves nothing about the file.",
		Action: "Download the bundle again from python.org. If it stays so, report it.",
		Source: "the Sigstore client specification, on verifying a bundle",
	},
	{
		Code:  "sigstore/bad-log-entry",
		Level: Error,
		Title: "The bundle's transparency log entry does not hold",
		Meaning: "The bundle carries an entry of a log that is known, but the log's proof does not fit, or the entry is about another signature. " +
			"The log is what makes a signature with a short-lived certificate provable later, so without it the bundle is worth nothing.",
		Action: "Download the bundle again from python.org. If it stays so, report it: a log that contradicts itself is a serious matter.",
		Source: "the Sigstore client specification, on transparency log entries; RFC 9162, section 2.1.3 (inclusion proofs)",
	},
	{
		Code:  "sigstore/bad-signature",
		Level: Error,
		Title: "The bundle's signature does not hold",
		Meaning: "The bundle names this file's digest, but the signature in it does not verify with the key of its own certificate. A bundle damaged in transit looks like this, and so does one that was put together from parts. A .sig and .crt pair names no digest: there the file may be another than was signed. " +
			"It proves nothing about the file.",
		Action: "Download the bundle again from python.org. If it stays so, do not rely on the file, and report it.",
		Source: "the Sigstore bundle format: a message signature over the artifact's digest",
	},
	{
		Code:  "sigstore/bad-timestamp",
		Level: Error,
		Title: "The bundle's time does not hold",
		Meaning: "The signing certificate is valid for ten minutes, and a log or a time authority says when the signature was made. Here that time is not vouched for as it should be, or lies outside those ten minutes. " +
			"Then nobody can tell whether the signer still held the certificate.",
		Action: "Download the bundle again from python.org. If it stays so, report it.",
		Source: "RFC 3161 (timestamps) and the Sigstore client specification, on establishing a time for the signature",
	},
	{
		Code:  "sigstore/deprecated-p384-sha256",
		Level: Note,
		Title: "The bundle is signed with a P-384 key over SHA-256",
		Meaning: "Such a pair of key and hash is not in Sigstore's list of algorithms, where a P-384 key goes with SHA-384. All of CPython's bundles of the forms 0.1 and 0.2 are like that, since sigstore-python made them so then. " +
			"The bundle is good. But clients accept it only on a path that they call deprecated, and one day they may not.",
		Action: "Nothing today. Try your own client on one such bundle before you move, and again when you upgrade it.",
		Source: "Sigstore's algorithm registry; the compatibility path of sigstore-go",
	},
	{
		Code:  "sigstore/digest-mismatch",
		Level: Error,
		Title: "The bundle is for other bytes",
		Meaning: "The bundle is about a file with another digest. A file that was replaced after it was signed gives this answer, and so does a bundle that belongs to another file. The source bundles of 3.14.0a5 were made over other bytes than were served, and were made again twelve hours later. " +
			"It is also just what a file that was tampered with looks like.",
		Action: "Get the file and its bundle again from python.org, both. If it stays so, do not use the file, and report it.",
		Source: "the Sigstore bundle format: the message digest in the bundle",
	},
	{
		Code:  "sigstore/from-the-log",
		Level: Note,
		Title: "The .sig and .crt pair is good by an entry of the transparency log",
		Meaning: "There is no bundle, only the pair that came before bundles. The transparency log was asked by the file's digest, and has an entry of the very signature and certificate of the pair; put together, they stand up to everything that is demanded of a bundle. " +
			"So Sigstore speaks for the file, and by the person it should be. But it takes the network to see that, and no client does it by itself, so for the move it still counts as having no bundle.",
		Action: "Keep verifying PGP for these files, use later releases, or pin their digests after a run like this one.",
		Source: "Rekor's search by digest, and the Sigstore client specification on verifying a bundle",
	},
	{
		Code:  "sigstore/incompatible",
		Level: Warning,
		Title: "The bundle has a form that today's clients refuse",
		Meaning: "The bundle could be read, but its form is one that today's clients do not judge. That is neither good nor bad: a refusal to judge is not a judgement. " +
			"The artifact comes out as unchecked, and a build that verifies it would fail.",
		Action: "Download the bundle again from python.org, for it may have been made anew.",
		Source: "the Sigstore bundle format, on what each version must hold",
	},
	{
		Code:  "sigstore/issuer-v1-only",
		Level: Note,
		Title: "The certificate names its issuer only in the old way",
		Meaning: "Fulcio first wrote the issuer into an extension whose encoding was wrong, and later added a second one (1.3.6.1.4.1.57264.1.8) that is right. Thirty of CPython's bundles have only the first (.1.1). " +
			"The bundle is good. A client that reads only the newer extension would find no issuer, and refuse.",
		Action: "Nothing today. Try your own client on one such bundle before you move.",
		Source: "Fulcio's list of certificate extensions (1.3.6.1.4.1.57264.1.1, deprecated)",
	},
	{
		Code:  "sigstore/legacy-pair",
		Level: Warning,
		Title: "There is a .sig and .crt pair, and no bundle",
		Meaning: "Before bundles, a signature and its certificate were published as two files. The certificate lived for ten minutes, and nothing in the pair proves that the signature was logged in that time: that takes a look into the transparency log, online. " +
			"About 90 Windows and macOS files of 3.10.7-3.10.10, 3.11.0rc2-3.11.2 and 3.12.0a1-a6 have only this. For the move it counts as having no bundle, whatever the log says of it.",
		Action: "Keep verifying PGP for these files, or use later releases.",
		Source: "the Sigstore bundle format, which was made to hold the proof that a pair lacks",
	},
	{
		Code:  "sigstore/lookup-failed",
		Level: Warning,
		Title: "The transparency log could not be asked about a .sig and .crt pair",
		Meaning: "The signature in the pair is by the certificate beside it, and was to be looked up in the transparency log. The log could not be reached, did not answer as its interface says, or has more entries for this file than are looked through. The message says which. " +
			"That is neither for nor against the pair: it was not checked.",
		Action: "Run again with a network that reaches the log.",
		Source: "the interface of version 1 of Rekor (openapi.yaml)",
	},
	{
		Code:  "sigstore/malformed",
		Level: Error,
		Title: "What should be a bundle is not one",
		Meaning: "What lies beside the artifact has the name of a bundle, or of a .sig and .crt pair, and is something else: empty, cut short, an error page of a web server, JSON of another kind, or far larger than any bundle. " +
			"It speaks neither for nor against the artifact, but nobody can verify with it. It makes the exit status 2, because what it should have been is not known.",
		Action: "Download it again from beside the artifact on python.org, and look at it: a bundle is JSON with a mediaType.",
		Source: "the Sigstore bundle format (sigstore_bundle.proto)",
	},
	{
		Code:  "sigstore/missing",
		Level: Warning,
		Title: "There is no bundle where there should be one",
		Meaning: "Releases of this series are signed with Sigstore, and this file has no bundle in this source. Mirrors that copy archives and .asc files and leave the .sigstore files out look like this. " +
			"Whoever stops verifying PGP has nothing to verify this file with.",
		Action: "Get the .sigstore file from beside the artifact on python.org. If there is none, keep verifying PGP, and report it unless the series is past its end of life.",
		Source: "the roster's first release with Sigstore for each series",
	},
	{
		Code:  "sigstore/newer-than-trust-root",
		Level: Warning,
		Title: "The bundle is newer than the trust root",
		Meaning: "The bundle stands on an authority or a log that the trust root does not know, and by its own times it was made after the last day on which the trust root is known to have been current. " +
			"Sigstore replaces its keys from time to time, so it may be good, and this trust root cannot tell. It may as well be forged: whoever forges a bundle can date it as they like. " +
			"So the artifact comes out as unchecked, never as good, and the exit status is 2. A bundle that is dated later than the run, or that does not hold for another reason, is not excused like this.",
		Action: "Run migrate trust update, or give a current trusted_root.json with --trusted-root, and run again: under a trust root of today nothing is newer. migrate trust show tells which one is in use and how old it is.",
		Source: "the Sigstore client specification, on the validity of a trusted root's keys; this program's rule that could-not-check is neither good nor bad",
	},
	{
		Code:  "sigstore/no-checkpoint",
		Level: Warning,
		Title: "The bundle has no checkpoint, and today's clients refuse it",
		Meaning: "Until 2024-09-11 python.org served 327 bundles whose proof of inclusion in the log lacks the log's signed checkpoint; they were replaced, but copies lie in mirrors and caches. They are old, not forged. " +
			"Their inclusion promise, an older form of proof, is checked instead and shows whether the bundle would hold otherwise, and who signed it. That does not make it good, because no client would accept it. " +
			"The level is error where the promise does not hold either, for then the bundle is not merely old.",
		Action: "Download the bundle again from python.org. Where that is not possible, `sigstore plumbing fix-bundle` of sigstore-python mends one.",
		Source: "the Sigstore bundle format: an inclusion proof must carry its checkpoint",
	},
	{
		Code:  "sigstore/nobody-pinned",
		Level: Warning,
		Title: "The bundle is valid, but nobody is pinned who should have made it",
		Meaning: "The bundle holds, and the message says who signed. But the roster does not know the series, and so cannot say whether that is the right one. Anybody with a mail account can make a valid bundle; the identity is all that counts. " +
			"The artifact comes out as unchecked, not as bad.",
		Action: "Use a newer migrate or a roster that has the series. For a single file, name the signer with --certificate-identity and --certificate-oidc-issuer.",
		Source: "PEP 761: verifying means to compare the release manager's identity and issuer",
	},
	{
		Code:  "sigstore/not-checked",
		Level: Note,
		Title: "Sigstore was not looked at",
		Meaning: "Sigstore was not asked about, or the source gives neither the file nor its digest. " +
			"Nothing is known about the bundle, good or bad, and the two methods could not be compared.",
		Action: "Ask about both methods, on a source that has the files or their digests.",
		Source: "this program's rule that what was not checked never looks like a pass",
	},
	{
		Code:  "sigstore/not-in-log",
		Level: Warning,
		Title: "The transparency log shows no entry of a .sig and .crt pair",
		Meaning: "The signature in the pair is by the certificate beside it, and the certificate was issued by Sigstore; but the log, asked by the file's digest, shows no entry of the two. The certificate lived for ten minutes, and nothing proves that the signature was made in that time. " +
			"It is not held against the pair, because the log proves what it has and not what it lacks: its search can be incomplete.",
		Action: "Keep verifying PGP for this file. If the log stays silent, report it to python.org.",
		Source: "the Sigstore client specification, on transparency log entries",
	},
	{
		Code:  "sigstore/other-release-manager",
		Level: Error,
		Title: "The bundle is valid, but signed by another release manager",
		Meaning: "The bundle holds, and its identity is a release manager's, of another series. It has happened: seven files of 3.11.4 were signed as Łukasz Langa in place of Pablo Galindo Salgado and were signed again in 2024, and 3.7.14 was first signed by Pablo. " +
			"It is probably an honest mix-up, and a client that is given the expected identity refuses it. " +
			"The level is warning where the bundle could be judged by its inclusion promise only.",
		Action: "Download the bundle again from python.org, for it may have been replaced. If it has not, tell the release manager. Do not add the other identity to what you accept.",
		Source: "PEP 761 and python.org's list of identities, as the roster has them by series",
	},
	{
		Code:  "sigstore/promise-only",
		Level: Warning,
		Title: "The bundle is verified by the log's promise alone",
		Meaning: "The bundle carries the transparency log's signed promise to include the entry, and no proof that it did. That was enough for the first form of bundle (0.1), and the promise holds, so the bundle is good. " +
			"But some clients ask for the proof and refuse: sigstore-python does so from version 3 on.",
		Action: "Download the bundle again from python.org, for it may have been made anew. Try your own client on it before you move.",
		Source: "the Sigstore bundle format: an inclusion proof is required from version 0.2 on",
	},
	{
		Code:  "sigstore/statement",
		Level: Note,
		Title: "The bundle signs a statement about the file",
		Meaning: "The bundle holds an in-toto statement that names the file's digest, and not a signature over the file. It is good, by the expected identity. " +
			"What the statement says besides was not looked at: an attestation of how a file was built is not a release manager's signature of the file.",
		Action: "See that your own client takes statements: cosign has another command for them. python.org publishes signatures, so ask where the statement came from.",
		Source: "the Sigstore bundle format (DSSE envelope) and the in-toto attestation framework",
	},
	{
		Code:  "sigstore/unexpected",
		Level: Note,
		Title: "There is a bundle where none is due",
		Meaning: "The roster says that no release of the series is signed with Sigstore, and here is a bundle. Somebody may have made one after the fact. " +
			"Anybody can make a bundle for any file; what counts is whether its identity is one that is expected, and here none is.",
		Action: "Go by the other findings of the file. If the release manager signed old releases anew, the roster needs to know.",
		Source: "the roster's first release with Sigstore for each series",
	},
	{
		Code:  "sigstore/unknown-version",
		Level: Warning,
		Title: "The bundle is of a version this program does not know",
		Meaning: "The bundle says of itself that it is of a version newer than this program. It was not judged: to guess at a newer form could accept what should be refused. " +
			"The artifact comes out as unchecked, not as bad.",
		Action: "Use a newer migrate. See that your own client knows that version before you move.",
		Source: "the Sigstore bundle format: the media type names the version, 0.1 to 0.3 so far",
	},
	{
		Code:  "sigstore/unreadable",
		Level: Error,
		Title: "The bundle could not be read",
		Meaning: "The bundle is there, and reading it failed. So it was not checked, which says nothing about it. " +
			"It makes the exit status 2, because a run that could not look at something has not passed it.",
		Action: "Mend what the message names and run again.",
		Source: "this program's rule to fail closed",
	},
	{
		Code:  "sigstore/untrusted",
		Level: Error,
		Title: "The bundle does not lead back to the trust root",
		Meaning: "The certificate, its logging, the transparency log or the time of the bundle is not vouched for by anything in the trust root. A bundle made with another Sigstore than the public one looks like this. " +
			"So does a forged one. One that merely is newer than the trust root has a finding of its own, sigstore/newer-than-trust-root.",
		Action: "Do not rely on the bundle. migrate trust show tells which trust root is in use; if it is not Sigstore's current one, run migrate trust update, or give a trusted_root.json with --trusted-root, and run again.",
		Source: "the Sigstore client specification: verification begins from a trusted root",
	},
	{
		Code:  "sigstore/wrong-identity",
		Level: Error,
		Title: "The bundle is valid, but signed by a stranger",
		Meaning: "The bundle holds, but its identity is not one that the roster knows. Anybody with a mail account can make a valid bundle for any file, so a client that does not compare the identity would accept this. " +
			"It is what an attacker's bundle looks like; it may also be a new release manager, or a workload that signs now. " +
			"The level is warning where the bundle could be judged by its inclusion promise only.",
		Action: "Do not use the file on the strength of this bundle. Compare the identity with python.org's list; if it is new there, the roster needs it.",
		Source: "PEP 761: verifying means to compare the release manager's identity and issuer",
	},
}
