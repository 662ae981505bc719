package source

import (
	"fmt"
	"slices"
	"strings"

	"migrate/internal/release"
)

// Kinds is a choice of artifacts by role or kind. The zero value chooses all.
type Kinds struct {
	names []string
}

// kindNames are what can be chosen: the roles, then the kinds that are not
// named like their role.
var kindNames = []string{
	string(release.RoleSource), string(release.RoleWindows), string(release.RoleMacOS), string(release.RoleAndroid), string(release.RoleIOS),
	string(release.KindWindowsInst), string(release.KindWindowsMSI), string(release.KindWindowsEmbed),
	string(release.KindWindowsSymbols), string(release.KindWindowsHelp), string(release.KindWindowsIndex), string(release.KindMacOS),
}

// ParseKinds reads a choice of artifacts: names of roles ("windows") and kinds
// ("windows-installer"). None chooses all.
func ParseKinds(names []string) (Kinds, error) {
	for _, name := range names {
		if !slices.Contains(kindNames, name) {
			return Kinds{}, fmt.Errorf("no such kind of artifact: %q (want %s)", name, strings.Join(kindNames, ", "))
		}
	}
	return Kinds{slices.Clone(names)}, nil
}

// String returns the names, with commas between them; "" if all are chosen.
func (k Kinds) String() string { return strings.Join(k.names, ",") }

// Has reports whether an artifact of this name is chosen.
func (k Kinds) Has(n release.Name) bool {
	return len(k.names) == 0 || slices.Contains(k.names, string(n.Role)) || slices.Contains(k.names, string(n.Kind))
}
