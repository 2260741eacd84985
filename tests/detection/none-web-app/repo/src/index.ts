import express from "express";
const model = { name: "gpt-4" };
express().listen(3000);
