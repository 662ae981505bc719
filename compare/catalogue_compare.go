package compare

// compareEntries explain what shows only when both methods, or several
// artifacts, are looked at together.
var compareEntries = []Entry{
	{
		Code:  "compare/before-sigstore",
		Level: Note,
		Title: "Has no bundle, and none was due",
		Meaning: "Sigstore signing of CPython began with 3.7.14, 3.8.14, 3.9.14, 3.10.7 and 3.11.0. What is older has a bundle only where somebody made one later, " +
			"and some files had none for a while after that. Nothing is wrong with such a file; but whoever stops verifying PGP has nothing left to verify it with.",
		Action: "Keep verifying PGP for these artifacts, or pin their digests once they are verified. The report says from which release on nothing is missing, if there is one.",
		Source: "the dates of the first bundles on python.org, as the roster records them for each series",
	},
	{
		Code:  "compare/client-too-old",
		Level: Warning,
		Title: "The client that was asked about does not accept this bundle",
		Meaning: "The bundle has a form that this version of the client does not accept: a newer format or spelling of it, a kind of key, a timestamp or a log entry. That is no fault of the bundle and says nothing against the file. " +
			"Whoever moves to Sigstore with this version would see verification fail. It is told only of clients that were asked about with --client.",
		Action: "Use the version that the message names or a later one, or another client; the report lists them for each series.",
		Source: "the table of clients, which names its own sources",
	},
	{
		Code:  "compare/client-unknown",
		Level: Note,
		Title: "Nobody knows whether the client that was asked about accepts this bundle",
		Meaning: "No source says whether this version of the client accepts a form that the bundle has. It may, or it may not. " +
			"It is told only of clients that were asked about with --client.",
		Action: "Verify one such bundle with the client before relying on it.",
		Source: "the table of clients, which names its own sources and leaves open what they do not say",
	},
	{
		Code:  "compare/complete",
		Level: Note,
		Title: "Every artifact has a good bundle",
		Meaning: "Each artifact that was looked at has a bundle that holds, by an identity that the roster expects, and no PGP signature speaks against it. " +
			"For these files a check of the bundle replaces the check of the .asc. It is said only of what was looked at: one file of a series makes a small base.",
		Action: "Verify the .sigstore file with the identity and issuer that the report names. Then the .asc, the keyring and its upkeep can go.",
		Source: "PEP 761, which asks downstreams to move to Sigstore",
	},
	{
		Code:  "compare/complete-from",
		Level: Note,
		Title: "From one release on nothing is missing",
		Meaning: "The series has artifacts without a bundle, but none from the named release on. Distributions build few releases of a series, mostly the newest. " +
			"If the named one is old enough for you, the gaps are not yours. Source archives are counted by themselves, because many build from nothing else.",
		Action: "Compare the release with the oldest that you still build. Where yours is not older, treat the series as ready.",
		Source: "this program's own count over the artifacts of the series",
	},
	{
		Code:  "compare/conflict",
		Level: Error,
		Title: "One method accepts the file and the other refuses it",
		Meaning: "One of the two signatures is good, and the other was checked and is not to be accepted. Mostly somebody uploaded a wrong signature, as with the .asc of 3.11.9's tar.xz, " +
			"and the file is what it should be. But a signature that was refused is also what an attack on one of the two methods looks like. " +
			"A maintainer who verifies only one of them would see no more than half of this.",
		Action: "Read the finding of the method that refused, and compare the digest with python.org's release page and with an earlier copy of yours. " +
			"Report it to the release manager. Do not use the file on the strength of the other signature alone before that is settled.",
		Source: "the incidents of 3.11.9, 3.11.4 and 3.14.0a5, where python.org replaced signatures after publication",
	},
	{
		Code:  "compare/end-of-life",
		Level: Note,
		Title: "The series is past its end of life",
		Meaning: "Nothing more is released of the series, and nobody adds or replaces signatures of what was: whoever reports a missing bundle or a wrong .asc will mostly hear just that. " +
			"The release cycle that comes with the program is as old as its date. Where the end of life came after that date, the report says that it goes by the plan, and then a series can have been given more time.",
		Action: "Take what is there for final. Pin the digests of files that have no good bundle, once they are verified, and plan to leave the series.",
		Source: "PEP 602 on the five years of support, and the release-cycle data of the PEPs",
	},
	{
		Code:  "compare/failed",
		Level: Error,
		Title: "A signature was refused, and none is good",
		Meaning: "At least one signature of the file was checked and is not to be accepted, and no other one vouches for it. " +
			"A download cut short, an error page saved as a file, or a mirror that mixes releases looks like this; so does a file that was tampered with. Nothing can be said for the file.",
		Action: "Get the file and its signatures again, from python.org. If it stays like this, do not use the file, and report it.",
		Source: "this program's verdict, which never counts an unchecked signature for a file",
	},
	{
		Code:  "compare/good-bundles",
		Level: Note,
		Title: "Some artifacts have a good bundle",
		Meaning: "This many artifacts of the series have a bundle that holds, by an expected identity. " +
			"The series as a whole is held up by the others, or by what could not be looked at, but these can be verified with Sigstore as they are.",
		Action: "Take the identity and issuer named in the report for them, and see to the other reasons for the rest.",
		Source: "this program's own count over the artifacts of the series",
	},
	{
		Code:  "compare/missing-bundle",
		Level: Warning,
		Title: "Bundles are missing that should exist",
		Meaning: "Every release since Sigstore signing began should have a bundle for each file, and these artifacts have none in this source. " +
			"Often a mirror was set up to copy archives and .asc files and not the .sigstore files beside them. Without a bundle the file falls out of a Sigstore check.",
		Action: "Get the .sigstore file from beside the artifact on python.org. Let mirrors and watch files fetch it too. If python.org has none, keep verifying PGP for that file, and report it unless the series is past its end of life.",
		Source: "the roster's first release with Sigstore for each series",
	},
	{
		Code:  "compare/no-pgp",
		Level: Note,
		Title: "The series has no PGP signatures, and will have none",
		Meaning: "From 3.14 on no release is signed with PGP, the alphas included. An .asc beside such a file is not CPython's. " +
			"Nothing is missing and nothing will come: for these series Sigstore is not the better way but the only one.",
		Action: "Verify the .sigstore file with the identity and issuer that the report names. Take checks of .asc files out of what you carry over from an older series.",
		Source: "PEP 761",
	},
	{
		Code:  "compare/no-sigstore",
		Level: Warning,
		Title: "The series has no Sigstore bundle at all",
		Meaning: "Not one artifact of the series has a bundle. Series that ended before Sigstore came, 3.6 and older, will never have one. " +
			"Dropping PGP for such a series means to verify nothing.",
		Action: "Keep verifying PGP for as long as you ship the series, or pin digests that were verified once. If bundles should exist, get the .sigstore files and run again.",
		Source: "the roster's first release with Sigstore for each series",
	},
	{
		Code:  "compare/only-weak-evidence",
		Level: Warning,
		Title: "The only evidence is too weak to rely on",
		Meaning: "The file has no bundle, and its PGP signature is accepted only by a verifier that still allows SHA-1, short keys or DSA. Such a signature may well be genuine. " +
			"But it can no longer be told from a forged one with certainty, so it never counts as agreement. The level is error where a bundle should exist, since better evidence is to be had.",
		Action: "Get the bundle if one should exist. Otherwise compare the digest with independent copies, such as other distributions' archives of the time, and pin it.",
		Source: "RFC 9580, section 9.5 on SHA-1 and section 12.4 on DSA; the collisions of SHAttered (2017)",
	},
	{
		Code:  "compare/pgp-until",
		Level: Note,
		Title: "PGP signatures are due until the end of life of the series",
		Meaning: "A series that has had PGP signatures keeps them until its end of life, and no series that is new gets any. So this is how long a packaging that verifies PGP can go on as it is. " +
			"A release of the series without an .asc is an oversight until then, and not the end of PGP. The end of life is mostly planned for a month; the Steering Council can move it.",
		Action: "Move by then, or with the next series at the latest. Up to then both methods can be verified side by side.",
		Source: "PEP 761, and the release-cycle data of the PEPs",
	},
	{
		Code:  "compare/recalled-release",
		Level: Warning,
		Title: "The release was recalled",
		Meaning: "The release was taken back by its makers, though its files may still be listed or lie in mirrors. " +
			"Signatures prove who made a file, not that it is fit for use: they stay good. A recalled release is left out when the readiness of its series is judged.",
		Action: "Use the release that followed it, and drop this one from your mirror.",
		Source: "the announcements of 3.9.0b2, 3.9.3 and 3.9.8, as the roster records them",
	},
	{
		Code:  "compare/same-digest",
		Level: Note,
		Title: "The same bytes are published under two names",
		Meaning: "Two artifacts with different names, or of different releases, are the same byte for byte. CPython has renamed files after publication, as with 3.7.2's embeddable zips and 3.10.0's macOS installer. " +
			"Signatures cover bytes and not names, so a signature of one is a signature of the other: a check cannot tell that a file lies under the wrong name. " +
			"One error page, saved by two downloads, looks the same too.",
		Action: "Nothing, if both names are python.org's for the same thing. Otherwise find out which is right before you build from it.",
		Source: "renamed files of 3.7.2 (.post1) and 3.10.0 (post2) on python.org",
	},
	{
		Code:  "compare/signer-differs",
		Level: Error,
		Title: "The two signatures are valid, and by two different people",
		Meaning: "For a source archive one person, the release manager, makes both signatures. Here each is valid and by somebody who may sign, but by two people. " +
			"That happens when a release manager stands in for another. It also happens when one of two accounts or keys is misused. " +
			"For Windows and macOS files different people are normal: there PGP is the platform's builder and Sigstore the release manager.",
		Action: "Look for the announcement of the release: it names who made it. If it explains the difference, the roster needs an exception; if not, report it.",
		Source: "the division of work among release managers (PEP 101) and the roster's list of roles",
	},
	{
		Code:  "compare/signing-times-differ",
		Level: Note,
		Title: "The two signatures were made more than three days apart",
		Meaning: "The time that the PGP signature claims and the time at which the transparency log saw the bundle lie more than 72 hours apart. Releases are signed within a day or two. " +
			"A late bundle was made after the fact, or again after a mistake. A PGP time is what its maker's clock said; the log's time is vouched for by the log.",
		Action: "Nothing, if the release is known to have been signed again. Otherwise look whether the file was replaced between the two dates.",
		Source: "RFC 9580, section 5.2.3.11 (signature creation time); the Sigstore bundle's integrated time or timestamp",
	},
	{
		Code:  "compare/unsigned",
		Level: Note,
		Title: "The file has no signature of either kind",
		Meaning: "There is neither an .asc nor a bundle. For the oldest releases that is how they were published. The level is error where the roster says that one of the two should exist, for then something is lost. " +
			"Either way there is no signature to move from or to.",
		Action: "Where signatures should exist, get them from beside the artifact on python.org. Otherwise pin a digest that you have compared with independent copies.",
		Source: "python.org's lists of files, which show no .asc before 2.3.0",
	},
}

// sourceEntries explain what concerns an artifact whoever signed it.
var sourceEntries = []Entry{
	{
		Code:  "source/carried-over",
		Level: Note,
		Title: "The result is that of an earlier run",
		Meaning: "The run was given an earlier report with --baseline. The server gives the artifact the same size and the same validators (ETag, Last-Modified) as then, and its signatures are the same to the byte, so the artifact was not read again. " +
			"The program, the trust root, the roster and the keys that matter are those of the earlier run too. What is carried over is as good as the server's word that the file has not changed.",
		Action: "Nothing, or run without --baseline to have every byte read. --max-age bounds how old a result may be.",
		Source: "RFC 9110, section 8.8 (validators)",
	},
	{
		Code:  "source/published-digest-differs",
		Level: Error,
		Title: "The digest is not the one that was published",
		Meaning: "The source says, for example in a .dsc, which digest the file has, and the file has another. Where a signature is good, the file is what its signer made, and the statement about it is wrong or about another file: " +
			"a few archives were replaced under the same name, and 62 of python.org's old records describe the unpacked archive. Where no signature is good, the file may be the wrong one. " +
			"The level is warning where it is python.org's API that says so, a signature is valid, and none speaks against the file.",
		Action: "If a signature is good, correct the statement. If none is, get the file again and compare.",
		Source: "Debian policy, section 5.6.24 (Checksums-Sha256); python.org's list of files; the digest is compared and never trusted",
	},
	{
		Code:  "source/published-link-differs",
		Level: Note,
		Title: "A published link does not lead to what lies beside the file",
		Meaning: "What python.org's API links as the file's signature, bundle or other sidecar is not what lies beside the file: it leads into another directory, to nothing, or there is a sidecar that it does not link. " +
			"Sidecars are looked for beside the file, so nothing depends on the link. Who follows the links, by hand or with a script, gets another answer than this report.",
		Action: "Nothing, if you look beside the file as well. Otherwise follow no links, and append the suffix to the file's own URL.",
		Source: "python.org's list of files, where all .asc of 2.6.1 are linked in 2.6.2",
	},
	{
		Code:  "source/size-differs",
		Level: Error,
		Title: "The size is not the one that was published",
		Meaning: "The source says how large the file is, and it is of another size. A download that was cut short is the usual reason. " +
			"62 of python.org's old records give the size of the unpacked archive: then the file is right and the record wrong. " +
			"The level is warning where it is python.org's API that says so, a signature is valid, and none speaks against the file.",
		Action: "If a signature is good, correct the statement. If none is, get the file again.",
		Source: "Debian policy, section 5.6.24; python.org's list of files",
	},
	{
		Code:  "source/unknown-series",
		Level: Note,
		Title: "The roster does not know who signs this series",
		Meaning: "The roster has no row for the series, or the file's name is not one of CPython's. A bundle proves that some identity signed a file; whether it is the right one is for the roster to say. " +
			"So a valid signature counts for nothing here, and the file comes out as unchecked, not as bad.",
		Action: "Use a newer migrate, or a roster with the series in it. For a single file, name the signer with --certificate-identity and --certificate-oidc-issuer.",
		Source: "PEP 761 and the release PEP of each series, which name the release manager",
	},
	{
		Code:  "source/unreadable",
		Level: Error,
		Title: "The artifact could not be read",
		Meaning: "Reading the file failed, so it was not verified by either method. This says nothing about the file or its signatures. " +
			"It makes the exit status 2, because a run that could not look at something has not passed it.",
		Action: "Mend what the message names: permissions, a disk, a mirror that changed during the run. Then run again.",
		Source: "this program's rule to fail closed",
	},
}
