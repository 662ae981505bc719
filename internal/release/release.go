// Package release knows how CPython names things: versions, series, artifact
// file names, their kinds, platforms and directories. It does no I/O.
package release

// Role says who is responsible for an artifact. Who signs with PGP depends on it.
type Role string

// The roles.
const (
	RoleSource  Role = "source"
	RoleWindows Role = "windows"
	RoleMacOS   Role = "macos"
	RoleAndroid Role = "android"
	RoleIOS     Role = "ios"
)

// Kind says what an artifact is, within its role.
type Kind string

// The kinds.
const (
	KindSource         Kind = "source"             // Python-V.tgz, .tar.bz2, .tar.xz; Debian's .orig.tar.*
	KindWindowsInst    Kind = "windows-installer"  // .exe of every age, web installers
	KindWindowsMSI     Kind = "windows-msi"        // 2.4 to 3.4
	KindWindowsEmbed   Kind = "windows-embeddable" // embed zips
	KindWindowsSymbols Kind = "windows-symbols"    // -pdb.zip, Python-2.0.1-Debug.zip
	KindWindowsHelp    Kind = "windows-help"       // .chm
	KindWindowsIndex   Kind = "windows-manifest"   // windows-V.json of the install manager
	KindMacOS          Kind = "macos-installer"    // .dmg, .pkg
	KindAndroid        Kind = "android"
	KindIOS            Kind = "ios"
)

// Name is an artifact's file name, understood.
type Name struct {
	File     string // as found, e.g. "python3.13_3.13.5.orig.tar.xz"
	Upstream string // python.org's name for the same bytes; equals File except for Debian's copies
	Version  Version
	Kind     Kind
	Role     Role
	Platform string // "amd64", "arm64", "win32", "macos11", "aarch64-linux-android" ...; "" for sources
}
