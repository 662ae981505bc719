package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"github.com/spf13/viper"

	"migrate/report"
)

// streams are where results and everything else go.
type streams struct {
	out, err io.Writer
}

// app is what every subcommand shares: streams, clock and configuration.
type app struct {
	streams
	now    func() time.Time
	config *viper.Viper
}

// execute runs one command line and returns its exit status.
func execute(ctx context.Context, args []string, s streams, now func() time.Time) int {
	a := &app{streams: s, now: now, config: viper.New()}
	root := a.rootCommand()
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	var status exitError
	if err != nil && !errors.As(err, &status) {
		a.complain(err)
	}
	return exitStatus(err)
}

// say says something on standard error that only --verbose asks for.
func (a *app) say(format string, args ...any) {
	if a.config.GetBool("verbose") && !a.config.GetBool("quiet") {
		fmt.Fprintf(a.err, "migrate: %s\n", report.Escape(fmt.Sprintf(format, args...)))
	}
}

func (a *app) rootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:   "migrate",
		Short: "Verify CPython releases by OpenPGP and by Sigstore, and compare",
		Long: `migrate verifies each CPython artifact with both its .asc, against the release
managers' pinned keys, and its .sigstore bundle, against the release manager's
identity, compares the two answers, and reports what changes for somebody who
stops checking PGP.

Exit status: 0 nothing at or above --fail-on, 1 findings, 2 trouble (usage,
nothing found, something that could not be checked).

Every flag can also be set in the configuration file and as MIGRATE_NAME in
the environment, e.g. MIGRATE_FAIL_ON=warning. No configuration, key, roster or
trust root is ever picked up from a source.`,
		Version:           version(),
		SilenceErrors:     true,
		SilenceUsage:      true,
		PersistentPreRunE: a.configure,
	}
	root.SetOut(a.out)
	root.SetErr(a.err)
	root.SetVersionTemplate("migrate {{.Version}}\n")
	flags := root.PersistentFlags()
	flags.String("config", "", "configuration `FILE` (default config.yaml in the migrate folder of the user's configuration folder)")
	flags.BoolP("quiet", "q", false, "say nothing on standard error but errors")
	flags.BoolP("verbose", "v", false, "say on standard error what the run stands on")
	root.AddCommand(a.reportCommand(), a.verifyCommand(), a.explainCommand(), a.manCommand())
	root.InitDefaultCompletionCmd(args0(root)...)
	return root
}

// args0 keeps cobra's completion command present in help before the first run.
func args0(root *cobra.Command) []string { return []string{root.Name()} }

// configure reads flags, environment and configuration file, in that order of
// precedence.
func (a *app) configure(cmd *cobra.Command, _ []string) error {
	v := a.config
	if err := v.BindPFlags(cmd.Flags()); err != nil {
		return err
	}
	v.SetEnvPrefix("MIGRATE")
	v.SetEnvKeyReplacer(strings.NewReplacer("-", "_"))
	v.AutomaticEnv()
	return a.readConfig(cmd)
}

// readConfig reads the configuration file: the one that was named, which must
// exist, else the user's own, if there is one.
func (a *app) readConfig(cmd *cobra.Command) error {
	file := a.config.GetString("config")
	if file == "" {
		dir, err := os.UserConfigDir()
		if err != nil {
			return nil // no home, no configuration
		}
		file = filepath.Join(dir, "migrate", "config.yaml")
		if _, err := os.Stat(file); errors.Is(err, fs.ErrNotExist) {
			return nil
		}
	}
	c := viper.New()
	c.SetConfigFile(file)
	c.SetConfigType("yaml")
	if err := c.ReadInConfig(); err != nil {
		return fmt.Errorf("configuration file %s: %w", file, err)
	}
	known := knownSettings(cmd.Root())
	for _, key := range c.AllKeys() {
		if !slices.Contains(known, key) {
			return fmt.Errorf("configuration file %s: no such setting: %s (settings are the names of the flags)", file, key)
		}
	}
	return a.config.MergeConfigMap(c.AllSettings())
}

// knownSettings lists the flags of every subcommand.
func knownSettings(cmd *cobra.Command) []string {
	var names []string
	add := func(f *pflag.Flag) { names = append(names, f.Name) }
	cmd.PersistentFlags().VisitAll(add)
	cmd.Flags().VisitAll(add)
	for _, sub := range cmd.Commands() {
		names = append(names, knownSettings(sub)...)
	}
	return names
}

// paths returns a setting that lists files: a repeated flag, a YAML list, or
// one string of the environment in the form of PATH.
func (a *app) paths(name string) []string {
	if s, ok := a.config.Get(name).(string); ok {
		return filepath.SplitList(s)
	}
	return a.config.GetStringSlice(name)
}

// version is the module's version, with the commit it was built from if the
// go command recorded one.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	v := info.Main.Version
	if v == "" || v == "(devel)" {
		v = "devel"
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" && v == "devel" {
			v += "+" + s.Value[:min(12, len(s.Value))]
		}
	}
	return v
}
