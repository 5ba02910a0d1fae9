"""The grader of the workbook: runs a chapter's suite against one version of the app, and reports."""
