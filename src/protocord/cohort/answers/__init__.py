"""What a screened source tells: counts, attrition, what-if, who comes next, and what is missing; from one pass over the facts."""
