package compare

// pgpEntries explain what an .asc, or its absence, gives rise to.
var pgpEntries = []Entry{
	{
		Code:  "pgp/bad-signature",
		Level: Error,
		Title: "The PGP signature does not fit the file",
		Meaning: "A key at hand was found for the signature, and the check with it failed: the file or the signature is not what it was when it was made. " +
			"A signature of another file, of another release, or of an archive that was replaced later gives the same answer. It happened to the tar.xz of 3.11.9, whose .asc was replaced afterwards.",
		Action: "Get both files again from python.org. If the bundle is good, the file is right and the .asc is at fault: report it. If it is not, do not use the file.",
		Source: "RFC 9580, section 5.2.4 (computing signatures)",
	},
	{
		Code:  "pgp/critical-notation",
		Level: Error,
		Title: "The signature carries a condition that nobody knows",
		Meaning: "The signer marked a notation in the signature as critical, which means: who does not understand this must not accept the signature. This program knows no such notations, and neither do other common tools. " +
			"No release of CPython is known to have one.",
		Action: "Ask the signer what the notation means. Until then treat the file as having no PGP signature.",
		Source: "RFC 9580, section 5.2.3.7 (critical subpackets) and section 5.2.3.24 (notation data)",
	},
	{
		Code:  "pgp/from-the-future",
		Level: Error,
		Title: "The signature claims to be made later than now",
		Meaning: "The time in the signature lies after the time of this run. Either this machine's clock is slow, or the signer's was fast, or the signature was dated on purpose to outlive a key. " +
			"It cannot be accepted: whether the key will be valid then is not known now.",
		Action: "Check this machine's clock first. If it is right, report the signature to the release manager.",
		Source: "RFC 9580, section 5.2.3.11 (signature creation time)",
	},
	{
		Code:  "pgp/good-refreshed",
		Level: Warning,
		Title: "The signature is right, but only refreshed copies of its key are at hand",
		Meaning: "When an owner extends a key's life, the self-signatures in it are replaced by new ones. A copy fetched after that no longer says that the key was valid when it made an older signature; strict tools such as sqv and gosop then refuse, and gpg accepts. " +
			"The signature itself is cryptographically right and by the pinned key. For Thomas Wouters' key this will be met by everybody who fetches it anew and verifies a release from before the refresh.",
		Action: "Add an older copy of the same key with --keyring: distributions ship them. Copies are merged by fingerprint, in any order.",
		Source: "RFC 9580, section 5.2.3.10 (self-signatures); a key's newest self-signature does not speak for the time before it",
	},
	{
		Code:  "pgp/key-expired-at-signing",
		Level: Error,
		Title: "The key had expired when it made the signature",
		Meaning: "According to every copy of the key at hand, it was no longer valid at the time the signature claims, and one of them is newer than the signature. An owner who forgot to extend a key signs like this. So does somebody who got hold of an old key. " +
			"Where all copies are older, the finding is `pgp/stale-key`.",
		Action: "Do not rely on this signature. Use the bundle if it is good, and report it to the release manager.",
		Source: "RFC 9580, section 5.2.3.13 (key expiration time)",
	},
	{
		Code:  "pgp/key-expired-since",
		Level: Note,
		Title: "The key expired after it made the signature",
		Meaning: "The key was valid when it signed and has expired by now. The signature stays good: expiry ends what a key may do, not what it did. " +
			"Some tools answer with a warning or a failing exit status nonetheless, and builds break on the day a key expires, which is one reason to move.",
		Action: "Nothing for this file. If your tools complain, get a refreshed copy of the key, and keep the old one beside it.",
		Source: "RFC 9580, section 5.2.3.13 (key expiration time), judged at the time of the signature",
	},
	{
		Code:  "pgp/key-flags-missing",
		Level: Warning,
		Title: "The key does not say that it may sign",
		Meaning: "Keys made long ago carry no flags that say what they are for. Strict verifiers refuse a signature by such a key, because a key meant for something else could be turned into a signing key. " +
			"The signature is right otherwise, and counts as weak: it never counts as agreement.",
		Action: "Rely on the bundle where there is one. Otherwise compare the digest with independent copies and pin it.",
		Source: "RFC 9580, section 5.2.3.29 (key flags)",
	},
	{
		Code:  "pgp/key-revoked",
		Level: Error,
		Title: "The key has been revoked",
		Meaning: "Its owner has declared the key compromised, which undoes every signature by it whatever their date, or had retired it before this signature. " +
			"Somebody else may have made the signature. No pinned key of a release manager is known to be revoked.",
		Action: "Do not rely on this signature. Use the bundle if it is good, and look for the owner's announcement.",
		Source: "RFC 9580, section 5.2.3.31 (reason for revocation)",
	},
	{
		Code:  "pgp/key-revoked-since",
		Level: Warning,
		Title: "The key was retired after it made the signature",
		Meaning: "The owner has revoked the key with a reason that does not mean compromise: it was retired or superseded. Signatures from before that stay good. " +
			"But nobody will renew the key, and tools that do not tell the two kinds of revocation apart will refuse.",
		Action: "Nothing for this file. Plan to verify the bundle, or pin the digest.",
		Source: "RFC 9580, section 5.2.3.31 (reason for revocation: soft reasons)",
	},
	{
		Code:  "pgp/malformed",
		Level: Error,
		Title: "What should be a PGP signature is not one",
		Meaning: "The file beside the artifact has the name of a signature and is something else: empty, cut short, an error page of a web server, a public key, a whole signed message, or far larger than any signature. " +
			"It speaks neither for nor against the artifact, but nobody can verify with it. It makes the exit status 2, because what it should have been is not known.",
		Action: "Download the .asc again and look at it: it begins with `-----BEGIN PGP SIGNATURE-----`.",
		Source: "RFC 9580, section 6.2 (ASCII armor) and section 10.4 (detached signatures)",
	},
	{
		Code:  "pgp/missing",
		Level: Warning,
		Title: "There is no PGP signature where there should be one",
		Meaning: "The file's series is signed with PGP until its end of life, and this file has no .asc. A few releases were published without, among them sources of 3.8.20, 3.9.20 and 3.10.16, and some got theirs later. " +
			"Mirrors that do not copy .asc files look the same. With a good bundle the file is verified all the same, and nothing is lost by the move.",
		Action: "Look beside the artifact on python.org: links on its pages have been wrong. If there is none, verify the bundle.",
		Source: "PEP 761: a series that has had PGP signatures keeps them until its end of life",
	},
	{
		Code:  "pgp/nobody-pinned",
		Level: Warning,
		Title: "The PGP signature is valid, but nobody is pinned who should have made it",
		Meaning: "The signature is right and by a known key, but the roster pins no PGP signer for this series and role: either the series is not signed with PGP, or the roster does not know it. " +
			"A key is trusted for what it is pinned for and nothing else, so the signature counts neither for the file nor against it.",
		Action: "Verify the bundle. If PGP signatures have come back for the series, the roster needs a row that says so.",
		Source: "this program's rule that a key is trusted only for the series and role it is pinned for; PEP 761",
	},
	{
		Code:  "pgp/not-checked",
		Level: Note,
		Title: "PGP was not looked at",
		Meaning: "OpenPGP signs bytes, and this source has none: it lists digests, which is enough for Sigstore and not for PGP. Or PGP was not asked about. " +
			"Nothing is known about the .asc, good or bad, and the two methods could not be compared.",
		Action: "Run again on the files themselves, for example on a mirror, to have both methods compared.",
		Source: "RFC 9580, section 5.2.4: the hash runs over the data and then the signature's own fields",
	},
	{
		Code:  "pgp/older-than-key",
		Level: Error,
		Title: "The signature claims to be older than its key",
		Meaning: "A key cannot sign before it is made, so one of the two times is false. A clock that was wrong can do it, and so can a signature that was dated back. " +
			"Older tools accept such a signature.",
		Action: "Report it to the release manager. Rely on the bundle if it is good.",
		Source: "RFC 9580, section 5.2.3.11 (signature creation time) and section 5.5.2 (key creation time)",
	},
	{
		Code:  "pgp/other-release-manager",
		Level: Error,
		Title: "The PGP signature is valid, but by somebody who signs other files",
		Meaning: "The key is pinned, but for other series or roles than this file's. It has happened: the first .asc of 3.10.14 was by Łukasz Langa and was replaced by one of Pablo Galindo Salgado's. " +
			"It is probably an honest mix-up, and a check against a keyring that holds every release manager's key would not notice it. It does mean that the person responsible for the file has not vouched for it.",
		Action: "Download the .asc again, for it may have been replaced. If it has not, ask the release manager; if a stand-in made the release, the roster needs an exception.",
		Source: "the roster: who signs what, by series and role",
	},
	{
		Code:  "pgp/rejected",
		Level: Error,
		Title: "The signature is right, but is not to be accepted",
		Meaning: "The signature fits the file, and the key is known, yet a rule of OpenPGP forbids to accept it, for a reason that has no code of its own. The message has the words of the library that refused. " +
			"A tool that checks only the cryptography would have accepted it.",
		Action: "Read the message, and rely on the bundle if it is good. Report the signature to the release manager.",
		Source: "RFC 9580, section 5.2.3 (what a signature may say about itself)",
	},
	{
		Code:  "pgp/several-signatures",
		Level: Note,
		Title: "The .asc holds more than one signature",
		Meaning: "Several signatures may stand in one file, and tools differ in what they make of it: some want all of them to be good, some one. This program looks for one by the expected signer. " +
			"Another tool may come to another answer about the same file. The level is warning where one of the others is not good.",
		Action: "Nothing, if the signer is the expected one. If your own tool refuses, ask it which of the signatures it looked at.",
		Source: "RFC 9580, section 10.4 (detached signatures)",
	},
	{
		Code:  "pgp/signature-expired",
		Level: Error,
		Title: "The signature itself has expired",
		Meaning: "The signer gave the signature an end, and it has passed. That is different from a key that expires: here the signer wished the signature not to be relied on any longer. " +
			"No release of CPython is known to be signed like that.",
		Action: "Download the .asc again, for it may have been renewed. Otherwise rely on the bundle.",
		Source: "RFC 9580, section 5.2.3.18 (signature expiration time)",
	},
	{
		Code:  "pgp/signed-by-subkey",
		Level: Note,
		Title: "A subkey made the PGP signature",
		Meaning: "The signature is by a subkey of the pinned certificate, and the two confirm each other. Pablo Galindo Salgado signs that way. " +
			"Who pins the fingerprint that gpg shows first may pin the subkey's, and be surprised when it is replaced.",
		Action: "Pin the certificate's own fingerprint, not the subkey's.",
		Source: "RFC 9580, section 5.2.1.8 and section 5.2.1.9 (subkey binding and primary key binding signatures)",
	},
	{
		Code:  "pgp/stale-key",
		Level: Warning,
		Title: "The copy of the key is too old to judge the signature by",
		Meaning: "By every copy of the key at hand it had expired when it made the signature, and all of them are older than the signature. An owner who extends a key does so in a new copy, so the key may well have been valid: Debian's copy of Thomas Wouters' key expired on 2026-07-02, and he had extended it. " +
			"Nobody can tell without that copy. The artifact comes out as unchecked, and the exit status is 2.",
		Action: "Run migrate keyrings update to get a newer copy. For a machine without network, run the command at the end of the message elsewhere, and pass the file with --keyring. Keep the old copy beside it: they are merged.",
		Source: "RFC 9580, section 5.2.3.13 (key expiration time) and section 5.2.3.10 (the newest self-signature counts)",
	},
	{
		Code:  "pgp/text-mode",
		Level: Warning,
		Title: "The signature is over text and does not pin the bytes",
		Meaning: "A signature of type 0x01 treats the file as text: all line ends are made the same before they are signed. So it fits every version of the file with other line ends, and an archive is no text: two different files can share it. " +
			"The signature is right otherwise, and counts as weak: it never counts as agreement.",
		Action: "Rely on the bundle where there is one. Otherwise compare the digest with independent copies and pin it.",
		Source: "RFC 9580, section 5.2.1.2 (signature of a canonical text document)",
	},
	{
		Code:  "pgp/unbound-key",
		Level: Error,
		Title: "Nothing ties the key to its owner's certificate",
		Meaning: "The key that made the signature is in a certificate at hand, but no self-signature or subkey binding that was valid at the time says that it belongs there. " +
			"Anybody can put somebody else's key into a certificate; without a binding that proves nothing.",
		Action: "Get another copy of the certificate: some key servers strip what they cannot confirm. If it stays so, do not rely on the signature.",
		Source: "RFC 9580, section 10.1 (certificates) and section 5.2.1.8 (subkey binding signature)",
	},
	{
		Code:  "pgp/unexpected",
		Level: Warning,
		Title: "There is a PGP signature where there should be none",
		Meaning: "From 3.14 on CPython is not signed with PGP, alphas included, and some older files never were. An .asc beside such a file did not come from the release process as it is known. " +
			"It may be a mirror's own, or a decision that the roster does not know yet; it may also be there to be found by people who still look for one.",
		Action: "Do not rely on it. See who made it, and verify the bundle.",
		Source: "PEP 761: no PGP signatures from 3.14 on, unless the Steering Council decides otherwise",
	},
	{
		Code:  "pgp/unknown-key",
		Level: Warning,
		Title: "The key of the PGP signature is not at hand",
		Meaning: "No certificate in the keyring could have made the signature, so it is neither good nor bad: it could not be checked. Few keys come with this program; the others are pinned by fingerprint and have to be fetched. " +
			"The name that a signature gives for its key is only a claim, and is used for nothing but to find a key. The artifact comes out as unchecked, and the exit status is 2.",
		Action: "Run migrate keyrings update. For a machine without network, run the command at the end of the message elsewhere, and pass the file with --keyring. Whatever else the file holds, only keys that the roster pins are used.",
		Source: "RFC 9580, section 5.2.3.35 (issuer fingerprint); python.org lists the release managers' keys",
	},
	{
		Code:  "pgp/unpinned-signer",
		Level: Error,
		Title: "The PGP signature is valid, but by nobody in the roster",
		Meaning: "The signature fits the file, and a key at hand made it, but no release manager's full fingerprint is pinned for that key. Anybody can make a key with any name on it: python.org's own key file once held 18 with the short key IDs of release managers. " +
			"gpg with such a file as its keyring would have called this good.",
		Action: "Do not use the file on the strength of this signature. Compare the full fingerprint with the one the release manager publishes; if a key is new, the roster needs it.",
		Source: "this program's rule to trust full fingerprints only; RFC 9580, section 5.5.4, on key IDs that collide",
	},
	{
		Code:  "pgp/unreadable",
		Level: Error,
		Title: "The .asc could not be read",
		Meaning: "The signature file is there, and reading it failed. So it was not checked, which says nothing about it. " +
			"It makes the exit status 2, because a run that could not look at something has not passed it.",
		Action: "Mend what the message names and run again.",
		Source: "this program's rule to fail closed",
	},
	{
		Code:  "pgp/unreadable-revocation",
		Level: Warning,
		Title: "Nobody can tell whether the key is revoked",
		Meaning: "The key holds a revocation in its own name that the library cannot check: it is over MD5 or RIPEMD-160, of an old packet version, or has something in it that must be understood and is not. It may be its owner's word that the key is not to be trusted, and it may be anybody's rubbish. " +
			"So a signature that would be good without it counts for nothing, and the artifact comes out as unchecked.",
		Action: "Look at the key with the tool that its owner used, and ask the owner. If the revocation is not theirs, get a copy of the key without it, and remove the file that has it: migrate keyrings check names it.",
		Source: "RFC 9580, section 5.2.1.11 (key revocation); this program's rule to fail closed",
	},
	{
		Code:  "pgp/unreadable-self-signature",
		Level: Warning,
		Title: "The newest self-signature of the key cannot be read",
		Meaning: "What a key may do, and how long, stands in the newest signature that its owner put on it. Here the newest one from before the signature cannot be checked, and an older one that can be may have been overruled by it: it would bring an expired key back to life. " +
			"The artifact comes out as unchecked, not as bad.",
		Action: "Get a newer copy of the key and pass it with --keyring. If nothing changes, rely on the bundle.",
		Source: "RFC 9580, section 5.2.3.10 (the newest self-signature counts)",
	},
	{
		Code:  "pgp/unsupported",
		Level: Warning,
		Title: "The PGP signature is of a kind that can no longer be checked",
		Meaning: "It uses a packet version or an algorithm that today's libraries have given up, such as the MD5 signatures with version 3 keys from around 2003. Nobody can tell whether it is good with tools that are safe to use. " +
			"The artifact comes out as unchecked, not as bad.",
		Action: "Compare the digest with independent copies and pin it. Keep such a release out of what you build, if you can.",
		Source: "RFC 9580, section 5.2.2 (version 3 signatures) and section 9.5 (hash algorithms)",
	},
	{
		Code:  "pgp/weak",
		Level: Warning,
		Title: "Only a verifier without today's limits accepts the signature",
		Meaning: "The strict configuration refuses the signature and a relaxed one accepts it, for a reason that has no code of its own. The message has the words of the library that refused. " +
			"A weak signature never counts as agreement with the bundle.",
		Action: "Rely on the bundle where there is one. Otherwise compare the digest with independent copies and pin it.",
		Source: "RFC 9580, section 9 (which algorithms must and must not be used)",
	},
	{
		Code:  "pgp/weak-hash",
		Level: Warning,
		Title: "The signature is over SHA-1",
		Meaning: "Two different files can be made that share one SHA-1 digest, and then one signature fits both. Whoever could choose part of a release's content could have prepared a second version of it. " +
			"For the releases of that time it is unlikely, but it cannot be ruled out, so the signature never counts as agreement.",
		Action: "Rely on the bundle where there is one. Otherwise compare the SHA-256 digest with independent copies and pin it.",
		Source: "RFC 9580, section 9.5: no recent signature over SHA-1 may be accepted",
	},
	{
		Code:  "pgp/weak-key",
		Level: Warning,
		Title: "The key is too weak today",
		Meaning: "The signature is made with DSA or with an RSA key under 2048 bits, as was usual until about 2010. Such keys can be broken with great effort today, or will be. " +
			"A weak signature never counts as agreement with the bundle.",
		Action: "Rely on the bundle where there is one. Otherwise compare the digest with independent copies and pin it.",
		Source: "RFC 9580, section 9.1 and section 12.4 (DSA and short RSA keys)",
	},
	{
		Code:  "pgp/wrong-usage",
		Level: Error,
		Title: "The key may not make such a signature",
		Meaning: "The key is marked for certifying or encrypting and not for signing files, or the signature is of a kind that is not made over files. " +
			"Tools that check only the cryptography accept it. It is not how a release is signed.",
		Action: "Download the .asc again. If it stays so, report it to the release manager and rely on the bundle.",
		Source: "RFC 9580, section 5.2.1 (signature types) and section 5.2.3.29 (key flags)",
	},
}
