package rules

import "github.com/zricethezav/gitleaks/v8/config"

// OpenAI keys look like sk-proj-... and are used with models such as gpt-4o.
func OpenAI() *config.Rule {
	return &config.Rule{
		RuleID:      "openai-api-key",
		Description: "Found an OpenAI API Key.",
		Keywords:    []string{"T3BlbkFJ"},
	}
}
